import { basename, dirname } from 'node:path'
import { compose } from 'node:stream'
import type { Manifest } from '../../core/backup/manifest.ts'
import type { SignatureState } from '../../core/backup/signature.ts'
import { BackupError, systemCode, toBackupError } from '../../core/errors.ts'
import type { Codec } from '../../core/ports/codec.ts'
import { SEAL_EXTENSIONS, type Opener, type Sealing } from '../../core/ports/encryption.ts'
import type { LoadedKind } from '../../core/ports/source-kind.ts'
import type { Store } from '../../core/ports/store.ts'
import {
  completeChecks,
  conclude,
  verificationMessage,
  CHAIN_CHECK,
  type Check,
  type Verification
} from '../../core/ports/verification.ts'
import { atMost, digestTap } from '../../pipeline/digest.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import { isUndecryptable } from '../../pipeline/undecryptable.ts'
import { missingKey, requireOpener } from '../artifacts/decryption.ts'
import { fileImages } from '../artifacts/images.ts'
import { readManifest } from '../artifacts/objects.ts'
import { verifyObject, type VerifyDeps, type Progress } from '../artifacts/verify-parts.ts'
import type { EngineDeps } from '../deps.ts'
import { firstKind } from '../require-kind.ts'

/** Bytes of the scratch directory that an unknown content must not fill. */
const KEPT_FREE = 64 * 1024 * 1024

export interface FileProofDeps extends Pick<EngineDeps, 'codecs' | 'keyring' | 'scratch' | 'kinds' | 'signing'> {
  /** A directory as a store. Nothing but reads is asked of it. */
  readonly storeAt: (directory: string) => Store
}

/**
 * `valid`: proven against its manifest. `sound`: nothing is wrong with the content, but there is no manifest to compare
 * it with. `damaged`: a check failed.
 */
export type FileVerdict = 'valid' | 'sound' | 'damaged'

export interface VerifiedFile {
  readonly path: string
  readonly verdict: FileVerdict
  /** The sentence for people. */
  readonly message: string
  readonly verification: Verification
  /** The one beside the file; null: there is none, or it is not valid. */
  readonly manifest: Manifest | null
  /** Who vouches for it; null: there is none, or it is not valid for another reason than its signature. */
  readonly signature: Pick<SignatureState, 'state' | 'keyId'> | null
}

/** Of an increment: neither the catalog nor a store is asked for what it is built on. */
const CHAIN_UNKNOWN: Check = {
  name: CHAIN_CHECK,
  status: 'skipped',
  reason: 'only this file is verified, not the backups that it is built on'
}

/**
 * Proves the file at the absolute `path` by itself, wherever it came from: neither catalog nor configured store is
 * asked, and nothing is written beside it. With `<path>.manifest.json` beside it the proof is that of any backup;
 * without, what can be told from the content alone.
 *
 * Throws `OBJECT_NOT_FOUND` where there is no such file, `STORE_UNAVAILABLE` where it must not be read, and
 * `VALIDATION_FAILED` for a database in use, `KEY_MISSING` for one that is sealed to others, `MANIFEST_UNSIGNED`;
 * otherwise what a proof throws that cannot be made.
 */
export async function verifyFile (deps: FileProofDeps, path: string, progress: Progress): Promise<VerifiedFile> {
  const proof: VerifyDeps = { ...deps, store: deps.storeAt(dirname(path)) }
  const key = basename(path)
  try {
    const { size } = await proof.store.stat(key, progress.signal)
    await refuseLive(proof, key, path, progress.signal)
    const found = await findManifest(deps, proof.store, key, progress.signal)
    if (found.manifest !== null) requireOpener(deps.keyring, found.manifest)
    const verification = found.manifest === null
      ? await proveContent(proof, key, size, found.check, progress)
      : await verifyObject(proof, {
        key,
        manifest: found.manifest,
        manifestCheck: found.check,
        chainCheck: found.manifest.link?.parent == null ? undefined : CHAIN_UNKNOWN,
        mustOpen: true
      }, progress)
    return { path, ...conclusion(verification), verification, manifest: found.manifest, signature: found.signature }
  } catch (thrown) {
    throw asFileError(thrown, path)
  }
}

/** Its newest content would be in a file next to it, which a finished backup does not have. */
async function refuseLive (deps: VerifyDeps, key: string, path: string, signal: AbortSignal): Promise<void> {
  const { store } = deps
  const { noun, companions } = kindOf(deps, key)
  for (const suffix of companions?.inUse ?? []) {
    const name = key + suffix
    if (!await hasObject(store, name, signal) || (await store.stat(name, signal)).size === 0) continue
    throw new BackupError(
      'VALIDATION_FAILED',
      `"${path}" has a "${suffix}" file next to it: it is a ${noun} in use, not a backup`,
      { hint: 'Make a backup of it, which is verified automatically, or give the file of a backup.' }
    )
  }
}

interface FoundManifest extends Pick<VerifiedFile, 'manifest' | 'signature'> {
  readonly check: Check
}

async function findManifest (
  { signing }: FileProofDeps,
  store: Store,
  key: string,
  signal: AbortSignal
): Promise<FoundManifest> {
  try {
    const manifest = await readManifest(store, key, signal)
    signing.require(manifest)
    const isRenamed = basename(manifest.object.name) !== key
    const reason = isRenamed ? { reason: `it was written for "${manifest.object.name}"` } : {}
    return { manifest, signature: signing.judge(manifest), check: { name: 'manifest', status: 'pass', ...reason } }
  } catch (thrown) {
    const error = toBackupError(thrown)
    const none = (status: 'skipped' | 'fail', reason: string): FoundManifest => {
      const isChanged = error.details?.signature === 'changed'
      const signature = isChanged ? { state: 'changed' as const, keyId: null } : null
      return { manifest: null, signature, check: { name: 'manifest', status, reason } }
    }
    if (error.code === 'OBJECT_NOT_FOUND') return none('skipped', 'there is none next to the file')
    if (error.code === 'MANIFEST_INVALID') return none('fail', error.message)
    throw thrown
  }
}

/** What the content says of itself: that it can be decoded to its end, opened, and is whole inside. */
async function proveContent (
  deps: VerifyDeps,
  key: string,
  size: number,
  manifestCheck: Check,
  progress: Progress
): Promise<Verification> {
  progress.phase('verifying', size)
  const checks: Check[] = [manifestCheck, { name: 'file_exists', status: 'pass' }, {
    name: 'checksum',
    status: 'skipped',
    reason: 'there is no manifest to compare it with'
  }]
  const { opener, name } = unsealed(deps, key)
  if (opener === null) checks.push({ name: 'decryption', status: 'skipped', reason: 'the file is not encrypted' })
  const codec = Object.values(deps.codecs).find(known => known !== null && name.endsWith(known.extension)) ?? null
  const kind = kindOf(deps, codec === null ? name : name.slice(0, -codec.extension.length))
  if (codec === null) checks.push({ name: 'decompression', status: 'skipped', reason: 'the file is not compressed' })
  const file = codec === null && opener === null ? await deps.store.file(key, progress.signal) : undefined
  checks.push(
    ...file === undefined
      ? await decodeAndInspect(deps, key, { codec, opener, kind }, progress)
      : await inspect(kind, file, progress)
  )
  const failed = checks.find(check => check.status === 'fail')
  const reason = failed === undefined ? 'not reached' : `not reached, because ${failed.name} failed`
  const definitions = kind.inspector.checks
  return conclude(completeChecks(checks, definitions, reason), definitions)
}

/** What unseals a file, going by its name, and what it would be called then. Throws `KEY_MISSING`. */
function unsealed ({ keyring }: VerifyDeps, key: string): { readonly opener: Opener | null, readonly name: string } {
  const [encryption, extension] =
    (Object.entries(SEAL_EXTENSIONS) as Array<[Sealing, string]>).find(([, extension]) => key.endsWith(extension)) ?? []
  if (encryption === undefined || extension === undefined) return { opener: null, name: key }
  const opener = keyring.openerOf(encryption)
  if (opener === undefined) throw missingKey(encryption)
  return { opener, name: key.slice(0, -extension.length) }
}

async function decodeAndInspect (
  deps: VerifyDeps,
  key: string,
  { codec, opener, kind }: {
    readonly codec: Codec | null
    readonly opener: Opener | null
    readonly kind: LoadedKind
  },
  progress: Progress
): Promise<readonly Check[]> {
  try {
    const stored = await deps.store.get(key, undefined, progress.signal)
    const counted = digestTap(bytes => {
      progress.bytes(bytes)
    }).stream
    const plain = digestTap()
    // Without a manifest it is not known how much it may become.
    const { free } = await deps.scratch.space()
    const bound = atMost(
      free - KEPT_FREE,
      () =>
        new BackupError(
          'DISK_FULL',
          `the decoded content of "${key}" does not fit into the scratch directory "${deps.scratch.directory}", where ${KEPT_FREE} bytes must stay free`,
          { hint: 'Free space there, or set SCRATCH_DIR to a larger disk.' }
        )
    )
    const stages = [opener, codec].flatMap(stage => stage === null ? [] : [stage.decode()])
    const image = compose(stored, counted, ...stages, bound, plain.stream)
    const file = await deps.scratch.file(image, progress.signal)
    try {
      return [
        ...opener === null ? [] : [{ name: 'decryption', status: 'pass', reason: 'to the end' } as const],
        ...codec === null
          ? []
          : [{ name: 'decompression', status: 'pass', reason: `${plain.result().size} bytes, to the end` } as const],
        ...await inspect(kind, file.path, progress)
      ]
    } finally {
      await file.remove()
    }
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (error.code !== 'DECODE_FAILED') throw thrown
    return [{ name: isUndecryptable(error) ? 'decryption' : 'decompression', status: 'fail', reason: error.message }]
  }
}

async function inspect ({ inspector }: LoadedKind, path: string, { signal }: Progress): Promise<readonly Check[]> {
  return await inspector.inspect(fileImages(path), null, signal)
}

/** The kind of a file without a manifest, by its name once it is decrypted and decompressed. */
function kindOf (deps: Pick<EngineDeps, 'kinds'>, name: string): LoadedKind {
  const known = [...deps.kinds.values()].find(({ extension }) => extension !== undefined && name.endsWith(extension))
  return known ?? firstKind(deps)
}

function conclusion (verification: Verification): Pick<VerifiedFile, 'verdict' | 'message'> {
  const isDamaged = verification.checks.some(({ status }) => status === 'fail')
  if (verification.valid || isDamaged) {
    return { verdict: isDamaged ? 'damaged' : 'valid', message: verificationMessage(verification) }
  }
  return { verdict: 'sound', message: 'The content is sound; there is no manifest to compare it with' }
}

/** The store speaks of a backup directory; here it is a file that somebody named. */
function asFileError (thrown: unknown, path: string): unknown {
  const error = toBackupError(thrown)
  if (error.code === 'OBJECT_NOT_FOUND' || isGone(error)) {
    return new BackupError('OBJECT_NOT_FOUND', `"${path}" does not exist, or is not a file`, {
      hint: 'Correct the path.',
      cause: thrown
    })
  }
  if (error.code !== 'STORE_UNAVAILABLE') return thrown
  return new BackupError('STORE_UNAVAILABLE', `this user has no permission to read "${path}"`, {
    hint: 'Give this user read permission on the file and search permission on its directories.',
    cause: thrown
  })
}

function isGone (error: BackupError): boolean {
  return error.code === 'STORE_UNAVAILABLE' && ['ENOENT', 'ENOTDIR'].includes(systemCode(error.cause) ?? '')
}
