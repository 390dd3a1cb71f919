import { Readable } from 'node:stream'
import type { Backup } from '../../core/backup/backup.ts'
import type { Task } from '../../core/job.ts'
import type { Cipher, Opener } from '../../core/ports/encryption.ts'
import { BackupError, toBackupError, type ErrorCode } from '../../core/errors.ts'
import { MANIFEST_FORMAT, serializeManifest, versionFor, type Manifest } from '../../core/backup/manifest.ts'
import { manifestKey } from '../../core/backup/object-key.ts'
import type { PartOutline } from '../../core/ports/part.ts'
import { CONSTRAINT_VIOLATIONS, type Source } from '../../core/ports/source.ts'
import type { Compression } from '../../core/ports/codec.ts'
import {
  inconclusiveChecks,
  verificationMessage,
  violationsOf,
  type Check,
  type Verification
} from '../../core/ports/verification.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import type { EngineDeps } from '../deps.ts'
import type { CreateRequest } from './create-request.ts'
import type { Created } from './created.ts'
import { historyOf, suspicionOf } from './anomaly.ts'
import { chooseBasis, describedBasis, requireLink, type Basis } from './basis.ts'
import { checkChain } from '../artifacts/check-chain.ts'
import { discardBackup, takeBack } from '../artifacts/discard.ts'
import { cleanupSignal, landingCopy, quarantine } from '../artifacts/objects.ts'
import { rotate } from '../retention/prune.ts'
import type { Removal } from '../retention/removal.ts'
import { promisedCopies } from '../artifacts/locations.ts'
import { freeNames, type PartFile } from './file-names.ts'
import { withHooks } from './hooks.ts'
import { checkSpace, type OnRemoval } from './space.ts'
import { storeParts, withRoom, type PutState, type StoredBackup } from './store-parts.ts'
import { verifyObject } from '../artifacts/verify-parts.ts'

/**
 * The check of the content takes more than it may: nothing is known of the backup, which is no reason to throw it away.
 */
const INCONCLUSIVE: ReadonlySet<ErrorCode> = new Set(['PROCESS_TIMED_OUT', 'PROCESS_OUT_OF_MEMORY'])

interface Plan extends CreateRequest {
  readonly onRemoval: OnRemoval
  readonly compression: Compression
  /** null: it is not sealed. */
  readonly cipher: Cipher | null
  readonly verify: boolean
  readonly isGuarded: boolean
  readonly basis: Basis
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
 * A backup whose verification was inconclusive is kept as unverified. Where no increment can be made (`chooseBasis`), a
 * full backup is, and its description has the reason. Only after a proven backup are older ones rotated out. The result
 * names each backup that was removed.
 */
export async function createBackup (
  deps: EngineDeps,
  chosen: ProtectedSource,
  request: CreateRequest,
  task: Task
): Promise<Created> {
  await deps.ownership.require(deps.store, cleanupSignal())
  const removed: Removal[] = []
  const backup = await makeBackup(deps, chosen, { ...request, onRemoval: one => removed.push(one) }, task)
  const rotated = backup.verification.status === 'valid'
    ? await rotateAfter(deps, chosen, backup, task)
    : { removed: [], error: null }
  return {
    ...await deps.catalog.backups.get(backup.id),
    removed: [...removed, ...rotated.removed],
    rotationError: rotated.error
  }
}

async function makeBackup (
  deps: EngineDeps,
  chosen: ProtectedSource,
  request: CreateRequest & Pick<Plan, 'onRemoval'>,
  task: Task
): Promise<Backup> {
  const policy = deps.settings.policyFor(chosen)
  const plan: Omit<Plan, 'basis'> = {
    ...request,
    compression: request.compression ?? policy.compression,
    cipher: deps.keyring.cipherOf(chosen.source.name),
    verify: request.verify ?? policy.verify,
    isGuarded: policy.anomalyGuard
  }
  task.phase('probing')
  const basis = await chooseBasis(deps, chosen.source, {
    compression: plan.compression,
    method: request.method === 'incremental' ? 'incremental' : 'full',
    chain: { maxLength: policy.maxChainLength, maxAge: policy.maxChainAge }
  }, task)
  try {
    return await makeOn(deps, chosen, { ...plan, basis }, task)
  } finally {
    await basis.release()
  }
}

async function makeOn (deps: EngineDeps, chosen: ProtectedSource, plan: Plan, task: Task): Promise<Backup> {
  const row = await begin(deps, chosen, plan)
  task.setBackup(row.id)
  deps.events.emit({ type: 'backup.started', backup: row })
  const put: PutState = { parts: new Map(), isScratchFull: false }
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
  return backup
}

async function begin (deps: EngineDeps, { source }: ProtectedSource, plan: Plan): Promise<Backup> {
  const startedAt = deps.clock.now()
  const [main, ...others] = source.outline(plan.compression)
  const fileOf = (part: PartOutline): PartFile => ({
    name: part.name,
    extension: part.extension + extensionsOf(deps, part, plan)
  })
  const { key, parts } = await freeNames(deps, source.name, startedAt, [fileOf(main), ...others.map(fileOf)])
  return await deps.catalog.backups.start({
    source: source.name,
    type: plan.type,
    method: plan.basis.request.method,
    schedule: plan.schedule ?? null,
    key,
    filePath: deps.store.location(key),
    description: describedBasis(plan.description ?? null, plan.basis),
    compression: plan.compression,
    encryption: plan.cipher?.encryption ?? 'none',
    startedAt,
    parts
  })
}

/** What codec and encryption add to the name of a file. */
function extensionsOf ({ codecs }: EngineDeps, { isPacked }: PartOutline, { compression, cipher }: Plan): string {
  return (isPacked ? '' : codecs[compression]?.extension ?? '') + (cipher?.extension ?? '')
}

async function produce (
  deps: EngineDeps,
  chosen: ProtectedSource,
  plan: Plan,
  row: Backup,
  task: Task,
  put: PutState
): Promise<Made> {
  const { source } = chosen
  task.phase('probing')
  const { request } = plan.basis
  const probe = await source.probe(request, task.signal)
  const isUnpacked = plan.compression !== 'none' || plan.cipher !== null
  await checkSpace(
    deps,
    {
      source: source.name,
      method: row.method,
      compression: plan.compression,
      image: probe.size,
      scratch: Math.max(probe.scratch, isUnpacked && plan.verify ? probe.size ?? 0 : 0),
      mayGiveWay: plan.mayRemove !== false
    },
    task.signal,
    plan.onRemoval
  )

  // Asked beforehand: a catalog that does not answer costs nothing yet.
  const history = await historyOf(deps, source.name, { isGuarded: plan.isGuarded, method: row.method })
  const stored = await withHooks(deps, chosen, task, () =>
    withRoom(
      deps,
      plan.mayRemove === false ? null : probe.size ?? 1,
      put,
      () => storeParts(deps, { source, request, plan, row }, put, task),
      task,
      plan.onRemoval
    ))
  const link = requireLink(stored.outcome.link, request, source)
  const instance = deps.ownership.identity.id
  const draft = manifestOf(source, row, { ...plan, instance, link }, stored, deps.clock.now())
  const { verification, inconclusive } = plan.verify
    ? await verifyNew(deps, row, { manifest: draft, openers: stored.openers, ancestors: plan.basis.ancestors }, task)
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

function manifestOf (
  source: Source,
  row: Backup,
  { cipher, instance, link }: Pick<Plan, 'cipher'> & Pick<Manifest, 'link'> & { readonly instance: string },
  { parts: [main, ...parts], outcome, measures }: StoredBackup,
  completedAt: Date
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
    completedAt: completedAt.toISOString(),
    object: main.object,
    image: main.image,
    compression: main.compression,
    encryption: cipher?.encryption ?? 'none',
    ...cipher !== null && { keys: [...cipher.keys] },
    partFormat: main.format,
    parts,
    link,
    facts: outcome.facts,
    measures,
    verifiedAt: null
  }
  const { format, ...others } = content
  return { format, version: versionFor(content), ...others }
}

async function verifyNew (
  deps: EngineDeps,
  row: Backup,
  { manifest, openers, ancestors }: {
    readonly manifest: Manifest
    readonly openers: ReadonlyMap<string, Opener>
    readonly ancestors: readonly Backup[]
  },
  task: Task
): Promise<Omit<Made, 'manifest'>> {
  const startedAt = deps.clock.now()
  const manifestCheck: Check = {
    name: 'manifest',
    status: 'skipped',
    reason: 'written last, after the verification'
  }
  try {
    const chainCheck = await checkChain(
      deps,
      manifest.link?.parent ?? null,
      await currentRows(deps, ancestors),
      task.signal
    )
    const verification = await verifyObject(deps, { key: row.key, manifest, openers, manifestCheck, chainCheck }, task)
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
    return {
      verification: null,
      inconclusive: inconclusiveChecks(error, deps.kinds.get(manifest.source.kind)?.inspector.checks ?? [])
    }
  }
}

/** As they are now: one may have been found damaged while the increment was made. */
async function currentRows ({ catalog }: EngineDeps, backups: readonly Backup[]): Promise<readonly Backup[]> {
  return await Promise.all(backups.map(({ id }) => catalog.backups.get(id)))
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
  put.parts.clear()
  const isSource = verification.checks.some(({ name, status }) => name === 'integrity_check' && status === 'fail')
  const error = new BackupError(
    'VERIFICATION_FAILED',
    `the new backup failed verification${isSource ? ', because the source itself is damaged' : ''}: ${
      verificationMessage(verification)
    }`,
    {
      hint: isSource
        ? 'Restore the newest valid backup, or write the readable rows to a new file with "holdfast salvage". The file is kept in quarantine, and no older backup was removed.'
        : 'See the failed checks of the backup. The file is kept in quarantine, and no older backup was removed.'
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
    const states = [...put.parts.values()]
    if (states.includes('maybe')) await discardBackup(deps, deps.store, row.key, row)
    else if (states.length > 0) await takeBack(deps.store, row.key, row, [...put.parts.keys()])
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
 * The backup is made, whatever becomes of the older ones: a failure here is reported, and tried again after the next
 * backup.
 */
async function rotateAfter (
  deps: EngineDeps,
  chosen: ProtectedSource,
  { source, method }: Backup,
  task: Task
): Promise<{ readonly removed: readonly Removal[], readonly error: ErrorCode | null }> {
  task.phase('rotating')
  const { removed, errors } = await rotate(deps, chosen, task).catch((error: unknown) => ({
    removed: [],
    errors: [error]
  }))
  const [first] = errors
  if (first === undefined) return { removed, error: null }
  const { code } = toBackupError(first)
  deps.events.emit({ type: 'operation.failed', operation: 'rotate', source, method, code })
  return { removed, error: code }
}
