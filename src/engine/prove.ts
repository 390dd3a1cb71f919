import { BackupError, toBackupError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import type { Store } from '../core/store.ts'
import { completeChecks, conclude, type Check, type Verification } from '../core/verification.ts'
import { mismatch } from '../pipeline/digest.ts'
import { digestObject, openImage } from '../pipeline/read-object.ts'
import type { EngineDeps } from './deps.ts'
import { hasObject } from './objects.ts'
import type { Task } from './runner.ts'

/** A proof needs no catalog: one object, and what reads it. */
export interface ProofDeps extends Pick<EngineDeps, 'codecs' | 'scratch' | 'inspectors'> {
  /** Where the object is. */
  readonly store: Store
}
/** What a proof tells while it goes on, and what ends it. */
export type Progress = Pick<Task, 'phase' | 'bytes' | 'signal'>

/** Brings the plain image to hand as a file for as long as the inspection lasts, and returns what that found. Rejects as `unpackObject` does. */
export type Unpack = (inspection: (path: string) => Promise<readonly Check[]>) => Promise<readonly Check[]>

export interface Proof {
  readonly key: string
  /** What the object must be. */
  readonly manifest: Manifest
  /** How the manifest in the store itself was found. */
  readonly manifestCheck: Check
  /** Another way than the usual one, which inspects an object that is stored as it is where it lies. */
  readonly unpack?: Unpack
}

/**
 * Tries every level in turn and stops at the first that fails, for the next ones would build on it. Damage is a result;
 * an error means that the proof could not be made (no room, no child process, cancelled).
 */
export async function proveObject (deps: ProofDeps, { key, manifest, manifestCheck, unpack }: Proof, task: Progress): Promise<Verification> {
  const checks: Check[] = [manifestCheck]
  const end = (): Verification => {
    const failed = checks.find(check => check.status === 'fail')
    return conclude(completeChecks(checks, failed === undefined ? 'not reached' : `not reached, because ${failed.name} failed`))
  }
  task.phase('verifying', manifest.object.size)

  if (!await hasObject(deps.store, key, task.signal)) {
    checks.push({ name: 'file_exists', status: 'fail', reason: `"${deps.store.location(key)}" does not exist` })
    return end()
  }
  checks.push({ name: 'file_exists', status: 'pass' })

  const found = await digestObject(deps.store, key, bytes => { task.bytes(bytes) }, task.signal)
  const difference = mismatch(found, manifest.object, 'the file')
  checks.push(difference === undefined ? { name: 'checksum', status: 'pass' } : { name: 'checksum', status: 'fail', reason: difference.message })
  if (difference !== undefined) return end()

  const file = unpack === undefined && manifest.compression === 'none' ? deps.store.file(key) : undefined
  if (file !== undefined) {
    checks.push(plainImage(manifest), ...await inspect(deps, manifest, file, task))
    return end()
  }
  task.phase('verifying', manifest.image.size)
  try {
    const atHand = unpack ?? (inspection => unpackObject(deps, { key, manifest }, task, inspection))
    checks.push(...await atHand(async path => [decoded(manifest), ...await inspect(deps, manifest, path, task)]))
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code !== 'DECODE_FAILED' && error.code !== 'CHECKSUM_MISMATCH') throw thrown
    checks.push({ name: 'decompression', status: 'fail', reason: error.message })
  }
  return end()
}

/** Writes the plain image to a file in scratch space, for as long as `work` lasts. Rejects with `CHECKSUM_MISMATCH`, `DECODE_FAILED`, `DISK_FULL`, or what the store or `work` rejects with. */
export async function unpackObject<T> (deps: Pick<ProofDeps, 'store' | 'codecs' | 'scratch'>, { key, manifest }: Pick<Proof, 'key' | 'manifest'>, task: Progress, work: (path: string) => Promise<T>): Promise<T> {
  const { object, image, compression } = manifest
  const plain = await openImage({ store: deps.store, key, codec: deps.codecs[compression], object, image, onBytes: bytes => { task.bytes(bytes) } }, task.signal)
  return await deps.scratch.withFile(plain, work, task.signal)
}

/** Stored as it is: the file must then be the image, also by the image's own digest. */
function plainImage (manifest: Manifest): Check {
  const difference = mismatch(manifest.object, manifest.image, 'the image')
  if (difference !== undefined) return { name: 'decompression', status: 'fail', reason: difference.message }
  return { name: 'decompression', status: 'skipped', reason: 'the backup is not compressed' }
}

function decoded (manifest: Manifest): Check {
  if (manifest.compression === 'none') return plainImage(manifest)
  return { name: 'decompression', status: 'pass', reason: `${manifest.image.size} bytes, to the end` }
}

async function inspect (deps: ProofDeps, manifest: Manifest, path: string, task: Progress): Promise<readonly Check[]> {
  const inspector = deps.inspectors.get(manifest.source.kind)
  if (inspector === undefined) throw new BackupError('METHOD_UNSUPPORTED', `backups of the kind "${manifest.source.kind}" cannot be verified by this version`, { hint: 'Use a version that knows this kind.' })
  return await inspector.inspect(path, manifest.facts, task.signal)
}
