import type { StoredCopy } from '../../core/backup/copy.ts'
import { isLogKey, manifestKey, partKeys } from '../../core/backup/object-key.ts'
import { BackupError } from '../../core/errors.ts'
import { INSTANCE_MARKER } from '../../core/instance.ts'
import type { Store } from '../../core/ports/store.ts'
import { RESTORE_NOTE } from '../../core/restore/restore-note.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import { offsiteKey } from '../artifacts/locations.ts'
import { missingPart } from '../artifacts/objects.ts'
import type { EngineDeps, OffsiteStore } from '../deps.ts'

/**
 * Looks whether the store still holds what it is taken to hold, and as long as it was, and makes those that are not
 * `missing`, so that they are brought there again. A list that does not show an object is not believed until the store
 * has been asked for that object. Says how many it missed. Throws what the store throws, and `STORE_UNAVAILABLE`
 * where it is another one, or holds nothing at all of many: that is another place, or a disk that is not mounted.
 */
export async function surveyStore (deps: EngineDeps, { store }: OffsiteStore, signal: AbortSignal): Promise<number> {
  await deps.ownership.require(store, signal)
  const sizes = new Map<string, number>()
  let isEmpty = true
  for await (const { key, size } of store.list('', signal)) {
    if (key === RESTORE_NOTE || key === INSTANCE_MARKER) continue
    isEmpty = false
    if (!isLogKey(key)) sizes.set(key, size)
  }
  const held = await deps.catalog.copies.held(store.name)
  if (held.length > 0 && isEmpty) throw emptied(store, held.length)
  let missed = 0
  for (const copy of held) {
    const key = offsiteKey(copy)
    if (isListed(sizes, key, copy)) continue
    const reason = await whatIsWrong(store, copy, signal)
    if (reason === undefined) continue
    missed++
    await deps.catalog.copies.missing(copy.backupId, store.name, reason, deps.clock.now())
    deps.events.emit({
      type: 'operation.failed',
      operation: 'survey',
      source: copy.source,
      method: null,
      code: 'OBJECT_NOT_FOUND'
    })
  }
  return missed
}

/** Of a store that should hold so many copies, and holds nothing at all. */
export function emptied ({ name }: Store, known: number): BackupError {
  return new BackupError(
    'STORE_UNAVAILABLE',
    `the store "${name}" is empty, but the catalog lists ${known} copies in it`,
    {
      hint:
        'Check that the location of the store is correct, and that it is mounted; to copy all backups again, give the store another name.'
    }
  )
}

function isListed (sizes: ReadonlyMap<string, number>, key: string, { size, parts }: StoredCopy): boolean {
  const listed = partKeys(key, parts).map(part => sizes.get(part))
  return sizes.has(manifestKey(key)) && !listed.includes(undefined) &&
    listed.reduce<number>((sum, one) => sum + (one ?? 0), 0) === size
}

async function whatIsWrong (store: Store, copy: StoredCopy, signal: AbortSignal): Promise<string | undefined> {
  const key = offsiteKey(copy)
  return await missingPart(store, key, copy, signal) ??
    (await hasObject(store, manifestKey(key), signal) ? undefined : 'the manifest no longer exists')
}
