import { toBackupError } from '../core/errors.ts'
import { MANIFEST_SUFFIX, QUARANTINE, TRASH, isManifestKey } from '../core/object-key.ts'
import type { EngineDeps } from './deps.ts'
import { hasObject, landingCopy, readManifest } from './objects.ts'

export interface Rebuilt {
  readonly adopted: number
  /** Manifests that could not be taken over, with the reason. */
  readonly refused: ReadonlyArray<{ readonly key: string, readonly reason: string }>
}

/**
 * Makes the catalog's rows again from the manifests in the store. Rows that are there already stay; nothing in the
 * store is changed, and a file without a manifest is left alone. May be repeated, also beside a service at work: a
 * backup that goes away meanwhile is passed over.
 */
export async function rebuild (deps: EngineDeps, signal: AbortSignal): Promise<Rebuilt> {
  let adopted = 0
  const refused: Array<{ key: string, reason: string }> = []
  for await (const { key } of deps.store.list('', signal)) {
    if (!isManifestKey(key) || key.startsWith(QUARANTINE)) continue
    signal.throwIfAborted()
    const objectName = key.slice(0, -MANIFEST_SUFFIX.length)
    try {
      const manifest = await readManifest(deps.store, objectName, signal)
      if (!await hasObject(deps.store, objectName, signal)) {
        refused.push({ key, reason: 'the object that it describes is missing' })
        continue
      }
      const filePath = deps.store.location(objectName)
      await deps.catalog.backups.adopt(manifest, {
        key: objectName,
        filePath,
        // Its grace begins anew: since when it has been there is not written in the store.
        trashedAt: key.startsWith(TRASH) ? deps.clock.now() : null,
        copies: [landingCopy(deps.store, objectName, manifest)]
      })
      adopted++
    } catch (thrown) {
      const error = toBackupError(thrown)
      if (error.code === 'OBJECT_NOT_FOUND') continue
      if (error.code !== 'MANIFEST_INVALID') throw thrown
      refused.push({ key, reason: error.message })
    }
  }
  return { adopted, refused }
}
