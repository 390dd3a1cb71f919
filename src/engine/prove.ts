import { BackupError, toBackupError } from '../core/errors.ts'
import type { Manifest } from '../core/manifest.ts'
import { completeChecks, conclude, type Check, type Verification } from '../core/verification.ts'
import { mismatch } from '../pipeline/digest.ts'
import { digestObject, openImage } from '../pipeline/read-object.ts'
import type { EngineDeps } from './deps.ts'
import { hasObject } from './objects.ts'
import type { Task } from './runner.ts'

/** A proof needs no catalog: one object, and what reads it. */
export type ProofDeps = Pick<EngineDeps, 'store' | 'codecs' | 'scratch' | 'inspectors'>
/** What a proof tells while it goes on, and what ends it. */
export type Progress = Pick<Task, 'phase' | 'bytes' | 'signal'>

export interface Proof {
  readonly key: string
  /** What the object must be. */
  readonly manifest: Manifest
  /** How the manifest in the store itself was found. */
  readonly manifestCheck: Check
}

/**
 * Tries every level in turn and stops at the first that fails, for the next ones would build on it. Damage is a result;
 * an error means that the proof could not be made (no room, no child process, cancelled).
 */
export async function proveObject (deps: ProofDeps, { key, manifest, manifestCheck }: Proof, task: Progress): Promise<Verification> {
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

  const file = manifest.compression === 'none' ? deps.store.file(key) : undefined
  if (file !== undefined) {
    checks.push(plainImage(manifest), ...await inspect(deps, manifest, file, task))
    return end()
  }
  task.phase('verifying', manifest.image.size)
  try {
    const image = await openImage({ store: deps.store, key, codec: deps.codecs[manifest.compression], object: manifest.object, image: manifest.image, onBytes: bytes => { task.bytes(bytes) } }, task.signal)
    checks.push(...await deps.scratch.withFile(image, async path => [decoded(manifest), ...await inspect(deps, manifest, path, task)], task.signal))
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code !== 'DECODE_FAILED' && error.code !== 'CHECKSUM_MISMATCH') throw thrown
    checks.push({ name: 'decompression', status: 'fail', reason: error.message })
  }
  return end()
}

/** Stored as it is: the file must then be the image, also by the image's own digest. */
function plainImage (manifest: Manifest): Check {
  const difference = mismatch(manifest.object, manifest.image, 'the image')
  if (difference !== undefined) return { name: 'decompression', status: 'fail', reason: difference.message }
  return { name: 'decompression', status: 'skipped', reason: 'the backup is not compressed' }
}

function decoded (manifest: Manifest): Check {
  return { name: 'decompression', status: 'pass', reason: `${manifest.image.size} bytes, to the end` }
}

async function inspect (deps: ProofDeps, manifest: Manifest, path: string, task: Progress): Promise<readonly Check[]> {
  const inspector = deps.inspectors.get(manifest.source.kind)
  if (inspector === undefined) throw new BackupError('METHOD_UNSUPPORTED', `backups of the kind "${manifest.source.kind}" cannot be verified by this version`, { hint: 'Use a version that knows this kind.' })
  return await inspector.inspect(path, manifest.facts, task.signal)
}
