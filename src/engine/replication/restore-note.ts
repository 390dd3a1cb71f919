import { Readable } from 'node:stream'
import { toBackupError } from '../../core/errors.ts'
import { INSTANCE_MARKER } from '../../core/instance.ts'
import type { Store } from '../../core/ports/store.ts'
import { RESTORE_NOTE, RESTORE_NOTE_TEXT } from '../../core/restore/restore-note.ts'
import { readText } from '../artifacts/objects.ts'

/**
 * Sees to it that the store tells whoever finds it how to restore what is in it. One that says the same is left alone,
 * and so is any other where nothing is ever overwritten. Throws what the store throws.
 */
export async function leaveNote (
  store: Store,
  { isAppendOnly }: { readonly isAppendOnly: boolean },
  signal: AbortSignal
): Promise<void> {
  const found = await noteIn(store, signal)
  if (found === RESTORE_NOTE_TEXT || (found !== undefined && isAppendOnly)) return
  const text = Buffer.from(RESTORE_NOTE_TEXT)
  await store.put(RESTORE_NOTE, Readable.from([text]), {
    size: text.length,
    ...found !== undefined && { replace: true }
  }, signal)
}

/** Whether the store holds nothing but what we say of it. Throws what the store throws. */
export async function isEmpty (store: Store, signal: AbortSignal): Promise<boolean> {
  for await (const { key } of store.list('', signal)) if (key !== RESTORE_NOTE && key !== INSTANCE_MARKER) return false
  return true
}

async function noteIn (store: Store, signal: AbortSignal): Promise<string | undefined> {
  try {
    // Anything longer is none of ours.
    return await readText(store, RESTORE_NOTE, 4 * RESTORE_NOTE_TEXT.length, signal) ?? ''
  } catch (thrown) {
    const { code } = toBackupError(thrown)
    if (code === 'OBJECT_NOT_FOUND') return undefined
    // It is replaced, and never written through.
    if (code === 'OBJECT_REFUSED') return ''
    throw thrown
  }
}
