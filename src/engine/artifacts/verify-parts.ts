import { partsOf, totalImageOf, totalSizeOf, type Manifest } from '../../core/backup/manifest.ts'
import { toBackupError, type BackupError } from '../../core/errors.ts'
import type { Task } from '../../core/job.ts'
import { PASSPHRASE_KEY, type Opener } from '../../core/ports/encryption.ts'
import type { PlainImages } from '../../core/ports/images.ts'
import { MAIN, type PartRecord } from '../../core/ports/part.ts'
import type { Store } from '../../core/ports/store.ts'
import { completeChecks, conclude, type Check, type Verification } from '../../core/ports/verification.ts'
import { mismatch } from '../../pipeline/digest.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import { digestObject } from '../../pipeline/read-object.ts'
import { isUndecryptable } from '../../pipeline/undecryptable.ts'
import type { EngineDeps } from '../deps.ts'
import { requireKind } from '../require-kind.ts'
import { isStoredPlain } from './decryption.ts'
import { partKey, withImages, type Images } from './images.ts'
import type { ObjectLocation } from './locations.ts'

/** What a verification needs: one backup in one store and what reads it, no catalog. */
export interface VerifyDeps extends Pick<EngineDeps, 'codecs' | 'keyring' | 'scratch' | 'kinds'> {
  /** Where the parts are. */
  readonly store: Store
}
/** Receives the progress of a verification, and aborts it. */
export type Progress = Pick<Task, 'phase' | 'bytes' | 'signal'>

export interface ObjectVerification {
  /** Of the main part. */
  readonly key: string
  /** What the parts must be. */
  readonly manifest: Manifest
  /** How the manifest in the store itself was found. */
  readonly manifestCheck: Check
  /** Of an increment: how the backups that it is built on were found. undefined: a full backup, or not looked at. */
  readonly chainCheck?: Check | undefined
  /** By the name of the part: what decrypts it, where the keyring is not to be asked for it. */
  readonly openers?: ReadonlyMap<string, Opener> | undefined
  /** The images at hand. Default: those of the store, where they can be used as they are stored. */
  readonly images?: Images | undefined
  /** The images came to hand through the digests of object and image: then no object is read for them again. */
  readonly isDigested?: boolean | undefined
  /** Looks into the content. Default: the inspector of the kind. */
  readonly inspect?: ((images: PlainImages) => Promise<readonly Check[]>) | undefined
  /**
   * Reject with `KEY_MISSING` even if these bytes were verified before. Default: true when `images` is given.
   */
  readonly mustOpen?: boolean | undefined
  /**
   * Called before so many bytes are unpacked; rejects with `DISK_FULL`. Left out: the caller has checked the space.
   */
  readonly requireRoom?: ((bytes: number) => Promise<void>) | undefined
}

/**
 * Verifies a backup level by level and stops at the first that fails, for the next ones build on it. Damage is a
 * result; an error means that the verification could not be made (no space, no child process, cancelled,
 * `KEY_MISSING`, `METHOD_UNSUPPORTED` for an unknown kind). Bytes that were verified before and whose key is missing
 * now are valid by their digest alone.
 */
export async function verifyObject (
  deps: VerifyDeps,
  verification: ObjectVerification,
  task: Progress
): Promise<Verification> {
  const { key, manifest, manifestCheck, chainCheck, isDigested = false, images, mustOpen = images !== undefined } =
    verification
  const { inspector } = requireKind(deps, manifest.source.kind)
  const checks: Check[] = chainCheck === undefined ? [manifestCheck] : [manifestCheck, chainCheck]
  const end = (): Verification => {
    const failed = checks.find(check => check.status === 'fail')
    const reason = failed === undefined ? 'not reached' : `not reached, because ${failed.name} failed`
    return conclude(completeChecks(checks, inspector.checks, reason), inspector.checks)
  }
  const endSealed = (reason: string): Verification => {
    checks.push({ name: 'decryption', status: 'skipped', reason })
    const completed = completeChecks(
      checks,
      inspector.checks,
      'not reached, because the backup could not be decrypted here'
    )
    return conclude(completed, inspector.checks, { wereProven: true })
  }
  task.phase('verifying', totalSizeOf(manifest))
  checks.push(await existence(deps.store, key, manifest, task.signal))
  if (checks.at(-1)?.status === 'fail') return end()
  checks.push(isDigested ? { name: 'checksum', status: 'pass' } : await digests(deps.store, key, manifest, task))
  if (checks.at(-1)?.status === 'fail') return end()

  const look = verification.inspect ?? (images => inspector.inspect(images, manifest.facts, task.signal))
  const through = async (images: Images): Promise<readonly Check[]> => {
    const found = await look(images)
    await images.readRest(task.signal)
    return [decryption(manifest), decompression(manifest), ...found]
  }
  if (images !== undefined || !partsOf(manifest).every(part => isPlain(manifest, part))) {
    task.phase('verifying', totalImageOf(manifest))
  }
  try {
    checks.push(
      ...images === undefined
        ? await withImages(
          deps,
          {
            ...verification,
            isOwn: false,
            onBytes: bytes => {
              task.bytes(bytes)
            }
          },
          through,
          task.signal
        )
        : await through(images)
    )
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

async function existence (store: Store, key: string, manifest: Manifest, signal: AbortSignal): Promise<Check> {
  for (const part of partsOf(manifest)) {
    const missing = await whyMissing(store, partKey(key, manifest, part), signal)
    if (missing !== undefined) return { name: 'file_exists', status: 'fail', reason: missing }
  }
  return { name: 'file_exists', status: 'pass' }
}

async function digests (store: Store, key: string, manifest: Manifest, task: Progress): Promise<Check> {
  const difference = await firstMismatch({ store, key }, manifest, partsOf(manifest), task)
  return difference === undefined
    ? { name: 'checksum', status: 'pass' }
    : { name: 'checksum', status: 'fail', reason: difference.message }
}

/**
 * Reads the stored bytes of these parts. Returns what is wrong with the first one that does not have the digest of the
 * manifest; undefined: all have it. Throws what the store throws. `location` is that of the main part.
 */
export async function firstMismatch (
  { store, key }: ObjectLocation,
  manifest: Manifest,
  parts: readonly PartRecord[],
  task: Progress
): Promise<BackupError | undefined> {
  let before = 0
  for (const part of parts) {
    const found = await digestObject(store, partKey(key, manifest, part), bytes => {
      task.bytes(before + bytes)
    }, task.signal)
    before += found.size
    const difference = mismatch(found, part.object, part.name === MAIN ? 'the file' : `part "${part.name}"`)
    if (difference !== undefined) return difference
  }
  return undefined
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

function isPlain ({ encryption }: Manifest, { compression }: PartRecord): boolean {
  return isStoredPlain({ encryption, compression })
}

function decryption ({ encryption }: Manifest): Check {
  return encryption === 'none'
    ? { name: 'decryption', status: 'skipped', reason: 'the backup is not encrypted' }
    : { name: 'decryption', status: 'pass', reason: 'to the end' }
}

/**
 * What has been proven once the images were read. Stored as it is, a file must be the image also by the image's own
 * digest.
 */
function decompression (manifest: Manifest): Check {
  for (const part of partsOf(manifest)) {
    const difference = isPlain(manifest, part) ? mismatch(part.object, part.image, 'the image') : undefined
    if (difference !== undefined) return { name: 'decompression', status: 'fail', reason: difference.message }
  }
  const packed = partsOf(manifest).filter(({ compression }) => compression !== 'none')
  const bytes = packed.reduce((sum, { image }) => sum + image.size, 0)
  return packed.length === 0
    ? { name: 'decompression', status: 'skipped', reason: 'the backup is not compressed' }
    : { name: 'decompression', status: 'pass', reason: `${bytes} bytes, to the end` }
}
