import type { Manifest } from '../../core/backup/manifest.ts'
import {
  MANIFEST_SUFFIX,
  QUARANTINE,
  TRASH,
  fileName,
  isLogKey,
  isManifestKey,
  isSourceName,
  siblingKey
} from '../../core/backup/object-key.ts'
import { toBackupError, type ErrorCode } from '../../core/errors.ts'
import type { Store, StoredObject } from '../../core/ports/store.ts'
import { findObject } from '../../pipeline/find-object.ts'
import { sideBySide } from '../artifacts/concurrently.ts'
import { readManifest } from '../artifacts/objects.ts'

/** So many manifests are read at once: a store far away is waited for rather than worked for. */
const AT_ONCE = 16

/** What is wrong with one manifest alone. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['MANIFEST_INVALID', 'MANIFEST_UNSIGNED', 'OBJECT_REFUSED'])

export interface FoundManifest {
  readonly manifest: Manifest
  readonly object: StoredObject
}

export interface ManifestReader {
  readonly store: Store
  /** Backups that were removed lie in its trash, and are told as well. Otherwise only what lies at the top. */
  readonly hasTrash: boolean
  /** A refusal says why as `MANIFEST_INVALID` or `MANIFEST_UNSIGNED`. */
  readonly take: (found: FoundManifest) => Promise<void>
  readonly refuse: (key: string, reason: string) => void
}

/**
 * Reads every manifest in a store whose object is there and as long as it says. What is no manifest is refused with the
 * reason, and so is what can be no object, such as a symbolic link; captured log and what goes away meanwhile are
 * passed over, and everything else is left alone. Changes nothing in the store, and remembers no more of it than the
 * names of objects that have no manifest. Rejects with what the store or `take` rejects with.
 */
export async function readManifests (
  { store, hasTrash, take, refuse }: ManifestReader,
  signal: AbortSignal
): Promise<void> {
  // An object comes before its manifest: its name is the beginning of that one's.
  const objects = new Map<string, StoredObject>()
  const manifests = async function* (): AsyncIterable<
    { readonly key: string, readonly listed: StoredObject | undefined }
  > {
    for await (const listed of store.list('', signal)) {
      const { key } = listed
      if (isLogKey(key) || key.startsWith(QUARANTINE) || (!hasTrash && key.startsWith(TRASH))) continue
      if (!isManifestKey(key)) {
        objects.set(key, listed)
        continue
      }
      const name = key.slice(0, -MANIFEST_SUFFIX.length)
      yield { key: name, listed: objects.get(name) }
      objects.delete(name)
    }
  }
  await sideBySide(manifests(), AT_ONCE, async ({ key, listed }) => {
    signal.throwIfAborted()
    const reason = await whyNot({ store, hasTrash, take }, { key, listed, objects }, signal)
    if (reason !== undefined) refuse(key + MANIFEST_SUFFIX, reason)
  })
  for (const { key, reason } of await store.odd?.(signal) ?? []) if (!isLogKey(key)) refuse(key, reason)
}

interface Candidate {
  readonly key: string
  readonly listed: StoredObject | undefined
  /** Objects of the list that no manifest was found for so far; those of the candidate are taken out. */
  readonly objects: Map<string, StoredObject>
}

async function whyNot (
  { store, hasTrash, take }: Omit<ManifestReader, 'refuse'>,
  { key, listed, objects }: Candidate,
  signal: AbortSignal
): Promise<string | undefined> {
  const folder = key.slice(0, key.lastIndexOf('/') + 1)
  if (folder !== '' && !(hasTrash && folder === TRASH)) {
    return `it is in the subdirectory "${folder}": to import backups from there, give the path including that directory`
  }
  try {
    const manifest = await readManifest(store, key, signal)
    if (!isSourceName(manifest.source.name)) return `"${manifest.source.name}" cannot be the name of a source`
    // A list may be behind what is there.
    const object = listed ?? await findObject(store, key, signal)
    if (object === undefined) return 'its object is missing'
    if (object.size !== manifest.object.size) {
      return `its object has ${object.size} bytes instead of ${manifest.object.size}`
    }
    for (const { name, object: { name: file, size } } of manifest.parts) {
      const part = siblingKey(key, file)
      const found = objects.get(part) ?? await findObject(store, part, signal)
      objects.delete(part)
      if (found === undefined) return `the part "${name}" is missing`
      if (found.size !== size) return `the part "${name}" has ${found.size} bytes instead of ${size}`
    }
    // A signature vouches for the manifest of another backup, and not for what lies here.
    const isMoved = manifest.signature !== undefined && manifest.object.name !== fileName(key)
    if (isMoved) {
      return `it was signed for "${manifest.object.name}", but is stored next to "${
        fileName(key)
      }": if both were renamed, restore their old names and run "holdfast rebuild" again`
    }
    await take({ manifest, object })
    return undefined
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code === 'OBJECT_NOT_FOUND') return undefined
    if (REFUSALS.has(error.code)) return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`
    throw thrown
  }
}
