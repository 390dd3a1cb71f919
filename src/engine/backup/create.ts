import { Readable } from 'node:stream'
import type { Backup } from '../../core/backup/backup.ts'
import type { Task } from '../../core/job.ts'
import type { Cipher, Opener } from '../../core/ports/encryption.ts'
import { BackupError, toBackupError, type ErrorCode } from '../../core/errors.ts'
import { MANIFEST_FORMAT, serializeManifest, versionFor, type Manifest } from '../../core/backup/manifest.ts'
import { QUARANTINE, TRASH, manifestKey, objectKey } from '../../core/backup/object-key.ts'
import { CONSTRAINT_VIOLATIONS, type SnapshotFacts, type Source } from '../../core/ports/source.ts'
import type { Compression } from '../../core/ports/codec.ts'
import {
  inconclusiveChecks,
  verificationMessage,
  violationsOf,
  type Check,
  type Verification
} from '../../core/ports/verification.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import { hasObject } from '../../pipeline/find-object.ts'
import { writeObject, type Written } from '../../pipeline/write-object.ts'
import type { EngineDeps } from '../deps.ts'
import type { CreateRequest } from './create-request.ts'
import { historyOf, suspicionOf } from './anomaly.ts'
import { discardBackup, takeBack } from '../artifacts/discard.ts'
import { cleanupSignal, landingCopy, quarantine } from '../artifacts/objects.ts'
import { rotate } from '../retention/prune.ts'
import { promisedCopies } from '../artifacts/locations.ts'
import { checkSpace, makeRoom } from './space.ts'
import { verifyObject } from '../artifacts/verify-object.ts'

/** Room for as many backups of one source within one second as nobody makes. */
const ATTEMPTS = 1000
/**
 * The check of the content takes more than it may: nothing is known of the backup, which is no reason to throw it away.
 */
const INCONCLUSIVE: ReadonlySet<ErrorCode> = new Set(['PROCESS_TIMED_OUT', 'PROCESS_OUT_OF_MEMORY'])

interface Plan extends CreateRequest {
  readonly compression: Compression
  /** null: it is not sealed. */
  readonly cipher: Cipher | null
  readonly verify: boolean
  readonly isGuarded: boolean
}

/** Whether this job has put the object that is under the key of its row: nothing else may be removed by that key. */
interface PutState {
  /** `maybe`: the store failed while it was put, and may have kept it. */
  object: 'no' | 'maybe' | 'yes'
  /**
   * The disk of the scratch directory was full, and is another than that of the store: there the trash would give way
   * for nothing.
   */
  isScratchFull: boolean
}

/** What is in the store, manifest and all. */
interface Made {
  readonly manifest: Manifest
  readonly verification: Verification | null
  /** The checks, where the verification was inconclusive. */
  readonly inconclusive: readonly Check[] | undefined
}

/**
 * Makes a backup: probe, snapshot, object, proof, and last of all the manifest that makes it one. What fails on the
 * way leaves a row that says so and nothing in the store, but for an object that failed its proof: that is set aside.
 * A backup whose verification was inconclusive is kept as unverified. Only after a proven backup are older ones rotated
 * out.
 */
export async function createBackup (
  deps: EngineDeps,
  chosen: ProtectedSource,
  request: CreateRequest,
  task: Task
): Promise<Backup> {
  await deps.ownership.require(deps.store, cleanupSignal())
  const policy = deps.settings.policyFor(chosen)
  const plan: Plan = {
    ...request,
    compression: request.compression ?? policy.compression,
    cipher: deps.keyring.cipherOf(chosen.source.name),
    verify: request.verify ?? policy.verify,
    isGuarded: policy.anomalyGuard
  }
  const row = await begin(deps, chosen, plan)
  task.setBackup(row.id)
  deps.events.emit({ type: 'backup.started', backup: row })
  const put: PutState = { object: 'no', isScratchFull: false }
  let made: Made
  try {
    made = await produce(deps, chosen, plan, row, task, put)
  } catch (thrown) {
    await abandonBackup(deps, row, put, toBackupError(task.signal.aborted ? task.signal.reason : thrown))
    throw thrown
  }
  const backup = await complete(deps, row, made)
  deps.events.emit({
    type: 'backup.completed',
    backup,
    durationMs: Date.parse(made.manifest.completedAt) - backup.startedAt.getTime()
  })
  if (backup.suspicion !== null) deps.events.emit({ type: 'backup.suspect', backup })
  if (backup.verification.status === 'valid') await rotateAfter(deps, chosen, backup, task)
  return await deps.catalog.backups.get(backup.id)
}

async function begin (deps: EngineDeps, { source }: ProtectedSource, plan: Plan): Promise<Backup> {
  const startedAt = deps.clock.now()
  const key = await freeKey(
    deps,
    source.name,
    startedAt,
    source.extension + (deps.codecs[plan.compression]?.extension ?? '') + (plan.cipher?.extension ?? '')
  )
  return await deps.catalog.backups.start({
    source: source.name,
    type: plan.type,
    method: 'full',
    schedule: plan.schedule ?? null,
    key,
    filePath: deps.store.location(key),
    description: plan.description ?? null,
    compression: plan.compression,
    encryption: plan.cipher?.encryption ?? 'none',
    startedAt
  })
}

async function freeKey (deps: EngineDeps, source: string, startedAt: Date, extension: string): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const key = objectKey(source, startedAt, extension, attempt)
    if (!await isTaken(deps, source, key)) return key
  }
  throw new BackupError('OBJECT_EXISTS', `the store holds ${ATTEMPTS} backups of "${source}" from this second`, {
    hint: 'Check the clock of the machine.'
  })
}

/**
 * Also where the object may have to go later: into the trash, or aside; and where a backup of that name is only in
 * other stores.
 */
async function isTaken (deps: EngineDeps, source: string, key: string): Promise<boolean> {
  if (await deps.catalog.backups.isNamed(source, key)) return true
  const signal = cleanupSignal()
  for (const name of [key, TRASH + key, QUARANTINE + key]) {
    if (await hasObject(deps.store, name, signal) || await hasObject(deps.store, manifestKey(name), signal)) return true
  }
  return false
}

async function produce (
  deps: EngineDeps,
  { source }: ProtectedSource,
  plan: Plan,
  row: Backup,
  task: Task,
  put: PutState
): Promise<Made> {
  task.phase('probing')
  const probe = await source.probe(task.signal)
  const isUnpacked = plan.compression !== 'none' || plan.cipher !== null
  await checkSpace(deps, {
    source: source.name,
    compression: plan.compression,
    image: probe.size,
    scratch: Math.max(probe.scratch, isUnpacked && plan.verify ? probe.size : 0),
    mayGiveWay: plan.mayRemove !== false
  }, task.signal)

  // Asked beforehand: a catalog that does not answer costs nothing yet.
  const history = await historyOf(deps, source.name, plan)
  const { written, facts, opener } = await withRoom(
    deps,
    plan.mayRemove === false ? null : probe.size,
    put,
    () => storeImage(deps, source, plan, row, task, put),
    task
  )
  const draft = manifestOf(
    source,
    row,
    { ...written, cipher: plan.cipher, instance: deps.ownership.identity.id },
    facts,
    { completedAt: deps.clock.now(), verifiedAt: null }
  )
  const { verification, inconclusive } = plan.verify
    ? await proveNew(deps, row, draft, opener, task)
    : { verification: null, inconclusive: undefined }
  if (verification?.valid === false) throw await setAside(deps, row, draft, verification, put)
  const manifest = deps.signing.sign({
    ...draft,
    facts: countedFacts(draft.facts, verification),
    ...suspicionOf(draft, history),
    verifiedAt: verification === null ? null : deps.clock.now().toISOString()
  })
  task.phase('recording')
  await deps.store.put(manifestKey(row.key), Readable.from([Buffer.from(serializeManifest(manifest))]), {}, task.signal)
  return { manifest, verification, inconclusive }
}

/**
 * The image is byte for byte what was read from the source, so what its proof found of broken constraints is true of
 * the source.
 */
function countedFacts (facts: Manifest['facts'], verification: Verification | null): Manifest['facts'] {
  if (verification === null || facts.properties[CONSTRAINT_VIOLATIONS] === undefined) return facts
  return { ...facts, properties: { ...facts.properties, [CONSTRAINT_VIOLATIONS]: violationsOf(verification.checks) } }
}

/**
 * A store that fills up all the same makes others give way, and the backup is tried once more. `size`: bytes of the
 * plain image; null: nothing gives way for it.
 */
async function withRoom<T> (
  deps: EngineDeps,
  size: number | null,
  put: PutState,
  work: () => Promise<T>,
  { signal }: Task
): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    if (
      size === null || signal.aborted || toBackupError(thrown).code !== 'DISK_FULL' || put.isScratchFull ||
      !await makeRoom(deps, size, signal)
    ) {
      throw thrown
    }
    return await work()
  }
}

/**
 * `opener` knows the key of this one object, so that it can be proven where no private key is; it is forgotten with the
 * proof.
 */
async function storeImage (
  deps: EngineDeps,
  source: Source,
  plan: Plan,
  row: Backup,
  task: Task,
  put: PutState
): Promise<{ written: Written, facts: SnapshotFacts, opener: Opener | null }> {
  const seal = plan.cipher?.seal() ?? null
  const snapshot = await source.snapshot(task.signal).catch(async (thrown: unknown) => {
    put.isScratchFull = await isOfScratch(deps, thrown)
    throw thrown
  })
  try {
    task.phase('storing', snapshot.size)
    put.object = 'maybe'
    const written = await writeObject({
      image: snapshot.image,
      size: snapshot.size,
      codec: deps.codecs[plan.compression],
      seal,
      store: deps.store,
      key: row.key,
      onBytes: bytes => {
        task.bytes(bytes)
      }
    }, task.signal)
    put.object = 'yes'
    return { written, facts: await snapshot.facts(), opener: seal }
  } catch (thrown) {
    // The name was free, and somebody else has taken it since.
    if (put.object === 'maybe' && toBackupError(thrown).code === 'OBJECT_EXISTS') put.object = 'no'
    if (toBackupError(thrown).code === 'DISK_FULL') {
      await snapshot.close()
      put.isScratchFull = await snapshot.facts().then(() => false, (error: unknown) => isOfScratch(deps, error))
    }
    throw thrown
  } finally {
    await snapshot.close()
  }
}

/** Whether an error of the source is one of the scratch directory, on a disk of its own. */
async function isOfScratch (deps: EngineDeps, error: unknown): Promise<boolean> {
  return toBackupError(error).code === 'DISK_FULL' && !await deps.isScratchOnStoreDisk()
}

function manifestOf (
  source: ProtectedSource['source'],
  row: Backup,
  { cipher, instance, ...written }: Written & Pick<Plan, 'cipher'> & { readonly instance: string },
  facts: SnapshotFacts,
  times: { readonly completedAt: Date, readonly verifiedAt: string | null }
): Manifest {
  const content: Omit<Manifest, 'version'> = {
    format: MANIFEST_FORMAT,
    id: row.id,
    instance,
    source: { name: source.name, kind: source.kind, location: source.location },
    type: row.type,
    method: row.method,
    schedule: row.schedule,
    description: row.description,
    pinned: row.pinned,
    startedAt: row.startedAt.toISOString(),
    completedAt: times.completedAt.toISOString(),
    object: { name: row.key, ...written.object },
    image: written.image,
    compression: row.compression,
    encryption: cipher?.encryption ?? 'none',
    ...cipher !== null && { keys: [...cipher.keys] },
    partFormat: source.kind,
    parts: [],
    link: null,
    facts,
    measures: written.measures,
    verifiedAt: times.verifiedAt
  }
  const { format, ...others } = content
  return { format, version: versionFor(content), ...others }
}

async function proveNew (
  deps: EngineDeps,
  row: Backup,
  manifest: Manifest,
  opener: Opener | null,
  task: Task
): Promise<Omit<Made, 'manifest'>> {
  const startedAt = deps.clock.now()
  const manifestCheck: Check = {
    name: 'manifest',
    status: 'skipped',
    reason: 'it is written after the verification, last of all'
  }
  try {
    const verification = await verifyObject(deps, { key: row.key, manifest, opener, manifestCheck }, task)
    deps.events.emit({
      type: 'verification.finished',
      backup: row,
      verification,
      durationMs: deps.clock.now().getTime() - startedAt.getTime()
    })
    return { verification, inconclusive: undefined }
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (task.signal.aborted || !INCONCLUSIVE.has(error.code)) throw thrown
    deps.events.emit({
      type: 'operation.failed',
      operation: 'verify',
      source: row.source,
      method: row.method,
      code: error.code
    })
    return { verification: null, inconclusive: inconclusiveChecks(error) }
  }
}

/** Keeps what failed its proof for inspection, and makes the row say so. Returns the error to throw. */
async function setAside (
  deps: EngineDeps,
  row: Backup,
  manifest: Manifest,
  verification: Verification,
  put: PutState
): Promise<BackupError> {
  const key = await quarantine(deps, row)
  put.object = 'no'
  const isSource = verification.checks.some(({ name, status }) => name === 'integrity_check' && status === 'fail')
  const error = new BackupError(
    'VERIFICATION_FAILED',
    `the finished backup did not pass its verification${isSource ? ', because the source itself is damaged' : ''}: ${
      verificationMessage(verification)
    }`,
    {
      hint: isSource
        ? 'Restore the newest valid backup, or save what can be read with "holdfast salvage". The file is kept aside, and older backups were left as they are.'
        : 'Look at the checks of the backup; the file is kept aside. Older backups were left as they are.'
    }
  )
  await deps.catalog.backups.fail(row.id, {
    code: error.code,
    message: error.message,
    failedAt: deps.clock.now(),
    verification,
    kept: { key, filePath: deps.store.location(key), size: manifest.object.size }
  })
  return error
}

/**
 * The manifest stands, so the backup is whole: where the catalog cannot be told now, the row stays undecided, and
 * housekeeping completes it.
 */
async function complete (
  deps: EngineDeps,
  row: Backup,
  { manifest, verification, inconclusive }: Made
): Promise<Backup> {
  const filePath = deps.store.location(row.key)
  try {
    return await deps.catalog.backups.complete(row.id, {
      manifest,
      filePath,
      verification,
      ...inconclusive !== undefined && { inconclusive },
      copies: [landingCopy(deps.store, row.key, manifest), ...promisedCopies(deps, row.source, row.key)]
    })
  } catch (thrown) {
    tellFailure(deps, row, toBackupError(thrown))
    throw thrown
  }
}

/**
 * Leaves nothing of this job in the store, and a row that says why. Where even that fails, the row stays undecided:
 * housekeeping tries again, and the caller hears of the first error.
 */
async function abandonBackup (deps: EngineDeps, row: Backup, put: PutState, error: BackupError): Promise<void> {
  tellFailure(deps, row, error)
  try {
    if (put.object === 'yes') await takeBack(deps.store, row.key, row)
    if (put.object === 'maybe') await discardBackup(deps, deps.store, row.key, row)
    const now = await deps.catalog.backups.get(row.id)
    const failed = now.status === 'in_progress'
      ? await deps.catalog.backups.fail(row.id, {
        code: error.code,
        message: error.message,
        failedAt: deps.clock.now()
      })
      : now
    deps.events.emit({ type: 'backup.failed', backup: failed, code: error.code })
  } catch (thrown) {
    deps.events.emit({
      type: 'operation.failed',
      operation: 'discard',
      source: row.source,
      method: row.method,
      code: toBackupError(thrown).code
    })
  }
}

function tellFailure (deps: EngineDeps, row: Backup, { code }: BackupError): void {
  deps.events.emit({ type: 'operation.failed', operation: 'create', source: row.source, method: row.method, code })
}

/**
 * The backup is made, whatever becomes of the older ones: a failure here is told, and tried again after the next
 * backup.
 */
async function rotateAfter (deps: EngineDeps, chosen: ProtectedSource, backup: Backup, task: Task): Promise<void> {
  try {
    task.phase('rotating')
    await rotate(deps, chosen, task)
  } catch (error) {
    deps.events.emit({
      type: 'operation.failed',
      operation: 'rotate',
      source: backup.source,
      method: backup.method,
      code: toBackupError(error).code
    })
  }
}
