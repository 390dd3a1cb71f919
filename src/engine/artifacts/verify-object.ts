import type { Manifest } from '../../core/backup/manifest.ts'
import { toBackupError, type BackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import { PASSPHRASE_KEY, type Opener } from '../../core/ports/encryption.ts'
import type { Store } from '../../core/ports/store.ts'
import { completeChecks, conclude, type Check, type Verification } from '../../core/ports/verification.ts'
import { mismatch } from '../../pipeline/digest.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import { digestObject, openImage } from '../../pipeline/read-object.ts'
import { isUndecryptable } from '../../pipeline/undecryptable.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { isStoredPlain, requireOpener } from './decryption.ts'

/** What a verification needs: one object and what reads it, no catalog. */
export interface VerifyDeps extends Pick<EngineDeps, 'codecs' | 'keyring' | 'scratch' | 'kinds'> {
  /** Where the object is. */
  readonly store: Store
}
/** Receives the progress of a verification, and aborts it. */
export type Progress = Pick<Task, 'phase' | 'bytes' | 'signal'>

/**
 * Brings the plain image to hand as a file for as long as the inspection lasts, and returns what that found. Rejects as
 * `unpackObject` does.
 */
export type Unpack = (inspection: (path: string) => Promise<readonly Check[]>) => Promise<readonly Check[]>

export interface ObjectVerification {
  readonly key: string
  /** What the object must be. */
  readonly manifest: Manifest
  /** How the manifest in the store itself was found. */
  readonly manifestCheck: Check
  /** What unseals the object, where the keyring is not to be asked for it. */
  readonly opener?: Opener | null
  /** The image came to hand through the digests of object and image: then neither is read for them again. */
  readonly isDigested?: boolean
  /** Another way than the usual one, which inspects an object that is stored as it is where it lies. */
  readonly unpack?: Unpack
  /**
   * Reject with `KEY_MISSING` even if these bytes were verified before. Default: true when `unpack` is given.
   */
  readonly mustOpen?: boolean
  /**
   * Called before so many bytes are unpacked; rejects with `DISK_FULL`. Left out: the caller has checked the space.
   */
  readonly requireRoom?: (bytes: number) => Promise<void>
}

/**
 * Verifies an object level by level and stops at the first that fails, for the next ones build on it. Damage is a
 * result; an error means that the verification could not be made (no space, no child process, cancelled,
 * `KEY_MISSING`). Bytes that were verified before and whose key is missing now are valid by their digest alone.
 */
export async function verifyObject (
  deps: VerifyDeps,
  verification: ObjectVerification,
  task: Progress
): Promise<Verification> {
  const { key, manifest, manifestCheck, isDigested = false, unpack, mustOpen = unpack !== undefined } = verification
  const checks: Check[] = [manifestCheck]
  const end = (): Verification => {
    const failed = checks.find(check => check.status === 'fail')
    return conclude(
      completeChecks(checks, failed === undefined ? 'not reached' : `not reached, because ${failed.name} failed`)
    )
  }
  const endSealed = (reason: string): Verification => {
    checks.push({ name: 'decryption', status: 'skipped', reason })
    return conclude(completeChecks(checks, 'not reached, because the backup could not be decrypted here'), {
      wereProven: true
    })
  }
  task.phase('verifying', manifest.object.size)

  const missing = await whyMissing(deps.store, key, task.signal)
  if (missing !== undefined) {
    checks.push({ name: 'file_exists', status: 'fail', reason: missing })
    return end()
  }
  checks.push({ name: 'file_exists', status: 'pass' })

  const found = isDigested ? manifest.object : await digestObject(deps.store, key, bytes => {
    task.bytes(bytes)
  }, task.signal)
  const difference = mismatch(found, manifest.object, 'the file')
  checks.push(
    difference === undefined
      ? { name: 'checksum', status: 'pass' }
      : { name: 'checksum', status: 'fail', reason: difference.message }
  )
  if (difference !== undefined) return end()

  const file = unpack === undefined && isStoredPlain(manifest) ? await deps.store.file(key, task.signal) : undefined
  if (file !== undefined) {
    checks.push(...decoded(manifest), ...await inspect(deps, manifest, file, task))
    return end()
  }
  task.phase('verifying', manifest.image.size)
  try {
    const atHand = unpack ?? (inspection => unpackObject(deps, verification, task, inspection))
    checks.push(...await atHand(async path => [...decoded(manifest), ...await inspect(deps, manifest, path, task)]))
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (!mustOpen && manifest.verifiedAt !== null && isKeyMissing(error, manifest)) return endSealed(error.message)
    if (error.code !== 'DECODE_FAILED' && error.code !== 'CHECKSUM_MISMATCH') throw thrown
    checks.push(...manifest.encryption === 'none' ? [decryption(manifest)] : [], {
      name: isUndecryptable(error) ? 'decryption' : 'decompression',
      status: 'fail',
      reason: error.message
    })
  }
  return end()
}

async function whyMissing (store: Store, key: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await hasObject(store, key, signal) ? undefined : `"${store.location(key)}" does not exist`
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code === 'OBJECT_REFUSED') return error.message
    throw thrown
  }
}

/**
 * Whether the bytes, which were verified before, cannot be decrypted because the key is missing. One wrong passphrase
 * in some hundred gives OpenPGP a key that looks right until it is used.
 */
function isKeyMissing (error: BackupError, { keys }: Manifest): boolean {
  return error.code === 'KEY_MISSING' || (isUndecryptable(error) && keys?.includes(PASSPHRASE_KEY) === true)
}

/**
 * Writes the plain image to a file in scratch space, for as long as `work` lasts. Rejects with `CHECKSUM_MISMATCH`,
 * `DECODE_FAILED`, `KEY_MISSING`, `DISK_FULL`, or what the store or `work` rejects with.
 */
export async function unpackObject<T> (
  deps: Pick<VerifyDeps, 'store' | 'codecs' | 'keyring' | 'scratch'>,
  { key, manifest, opener = requireOpener(deps.keyring, manifest), requireRoom }: Pick<
    ObjectVerification,
    'key' | 'manifest' | 'opener' | 'requireRoom'
  >,
  task: Progress,
  work: (path: string) => Promise<T>
): Promise<T> {
  const { object, image, compression } = manifest
  await requireRoom?.(image.size)
  const plain = await openImage({
    store: deps.store,
    key,
    codec: deps.codecs[compression],
    opener,
    object,
    image,
    onBytes: bytes => {
      task.bytes(bytes)
    }
  }, task.signal)
  return await deps.scratch.withFile(plain, work, task.signal)
}

/**
 * What has been proven once the plain image is at hand. Stored as it is, the file must be the image also by the image's
 * own digest.
 */
function decoded (manifest: Manifest): readonly Check[] {
  return [decryption(manifest), decompression(manifest)]
}

function decryption ({ encryption }: Manifest): Check {
  return encryption === 'none'
    ? { name: 'decryption', status: 'skipped', reason: 'the backup is not encrypted' }
    : { name: 'decryption', status: 'pass', reason: 'to the end' }
}

function decompression (manifest: Manifest): Check {
  if (manifest.compression !== 'none') {
    return { name: 'decompression', status: 'pass', reason: `${manifest.image.size} bytes, to the end` }
  }
  const difference = isStoredPlain(manifest) ? mismatch(manifest.object, manifest.image, 'the image') : undefined
  if (difference !== undefined) return { name: 'decompression', status: 'fail', reason: difference.message }
  return { name: 'decompression', status: 'skipped', reason: 'the backup is not compressed' }
}

async function inspect (deps: VerifyDeps, manifest: Manifest, path: string, task: Progress): Promise<readonly Check[]> {
  return await requireKind(deps, manifest.source.kind).inspector.inspect(path, manifest.facts, task.signal)
}
