import { Readable } from 'node:stream'
import { toBackupError } from '../../core/errors.ts'
import { INSTANCE_MARKER } from '../../core/instance.ts'
import type { Store } from '../../core/ports/store.ts'
import { RESTORE_NOTE } from '../../core/restore/restore-note.ts'
import { readText } from '../artifacts/objects.ts'

/**
 * Sees to it that the store tells whoever finds it how to restore what is in it; `text` is that of `restoreNoteText`.
 * One that says the same is left alone, and so is any other where nothing is ever overwritten. Throws what the store
 * throws.
 */
export async function leaveNote (
  store: Store,
  { isAppendOnly, text }: { readonly isAppendOnly: boolean, readonly text: string },
  signal: AbortSignal
): Promise<void> {
  const found = await noteIn(store, 4 * text.length, signal)
  if (found === text || (found !== undefined && isAppendOnly)) return
  const bytes = Buffer.from(text)
  await store.put(RESTORE_NOTE, Readable.from([bytes]), {
    size: bytes.length,
    ...found !== undefined && { replace: true }
  }, signal)
}

/** Whether the store holds nothing but what we say of it. Throws what the store throws. */
export async function isEmpty (store: Store, signal: AbortSignal): Promise<boolean> {
  for await (const { key } of store.list('', signal)) if (key !== RESTORE_NOTE && key !== INSTANCE_MARKER) return false
  return true
}

async function noteIn (store: Store, limit: number, signal: AbortSignal): Promise<string | undefined> {
  try {
    // Anything longer is none of ours.
    return await readText(store, RESTORE_NOTE, limit, signal) ?? ''
  } catch (thrown) {
    const { code } = toBackupError(thrown)
    if (code === 'OBJECT_NOT_FOUND') return undefined
    // It is replaced, and never written through.
    if (code === 'OBJECT_REFUSED') return ''
    throw thrown
  }
}
