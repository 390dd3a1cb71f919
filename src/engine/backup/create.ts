import { Readable } from 'node:stream'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import type { Backup } from '../../core/backup/backup.ts'
import type { Task } from '../../core/job.ts'
import type { Cipher } from '../../core/ports/encryption.ts'
import { toBackupError, type ErrorCode } from '../../core/errors.ts'
import { serializeManifest, type Manifest } from '../../core/backup/manifest.ts'
import { manifestKey } from '../../core/backup/object-key.ts'
import type { PartOutline } from '../../core/ports/part.ts'
import type { Compression } from '../../core/ports/codec.ts'
import type { ProtectedSource } from '../../core/protected-source.ts'
import type { EngineDeps } from '../deps.ts'
import type { ContentRequest } from './create-request.ts'
import type { Created } from './created.ts'
import { historyOf, suspicionOf } from './anomaly.ts'
import { chooseBasis, describedBasis, requireLink, type Basis } from './basis.ts'
import { landingCopy } from '../artifacts/objects.ts'
import { rotate } from '../retention/prune.ts'
import type { Removal } from '../retention/removal.ts'
import { promisedCopies } from '../artifacts/locations.ts'
import { freeNames, type PartFile } from './file-names.ts'
import { withAllHooks } from './hooks.ts'
import { checkSpace, type OnRemoval } from './space.ts'
import { storeParts, withRoom, type PutState } from './store-parts.ts'
import { untilConsistent } from './until-consistent.ts'
import { setAside, verifyNew, type VerifiedNew } from './verify-new.ts'
import { abandonBackup, reportFailure } from './abandon.ts'
import { countedFacts, manifestOf } from './new-manifest.ts'

interface Plan extends ContentRequest {
  readonly onRemoval: OnRemoval
  readonly compression: Compression
  /** null: it is not sealed. */
  readonly cipher: Cipher | null
  readonly verify: boolean
  readonly isGuarded: boolean
  readonly basis: Basis
}

/** What is in the store, manifest and all. */
interface Made extends VerifiedNew {
  readonly manifest: Manifest
}

/**
 * Makes a backup: probe, snapshot, object, proof, and last of all the manifest that makes it one. What fails on the
 * way leaves a row that says so and nothing in the store, but for an object that failed its proof: that is set aside.
 * A backup whose verification was inconclusive is kept as unverified. A snapshot whose parts do not fit together is
 * taken again (`untilConsistent`); if none does, the backup is kept as suspect. Where no increment can be made
 * (`chooseBasis`), a full backup is, and its description has the reason. Only after a proven backup are older ones
 * rotated out. The result names each backup that was removed.
 *
 * An imported backup has the time of its data, is compared with the backups before that time, and removes none: the
 * next backup does. `chosen` then has a source that reads the imported content.
 */
export async function createBackup (
  deps: EngineDeps,
  chosen: ProtectedSource,
  request: ContentRequest,
  task: Task
): Promise<Created> {
  await deps.ownership.require(deps.store, cleanupSignal())
  const removed: Removal[] = []
  const backup = await makeBackup(deps, chosen, { ...request, onRemoval: one => removed.push(one) }, task)
  const rotated = backup.verification.status === 'valid' && request.imported === undefined && request.rotates !== false
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
  request: ContentRequest & Pick<Plan, 'onRemoval'>,
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
  const begun = deps.clock.now()
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
    durationMs: plan.imported === undefined
      ? Date.parse(made.manifest.completedAt) - backup.startedAt.getTime()
      : deps.clock.now().getTime() - begun.getTime()
  })
  if (backup.suspicion !== null) deps.events.emit({ type: 'backup.suspect', backup })
  return backup
}

async function begin (deps: EngineDeps, { source }: ProtectedSource, plan: Plan): Promise<Backup> {
  const startedAt = plan.imported?.at ?? deps.clock.now()
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
    parts,
    isImport: plan.imported !== undefined
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
  const history = await historyOf(deps, source.name, {
    isGuarded: plan.isGuarded,
    method: row.method,
    before: plan.imported?.at
  })
  const { draft, verification, inconclusive } = await untilConsistent(deps, row, put, task, async () => {
    const stored = await withAllHooks(deps, chosen, task, () =>
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
    const draft = manifestOf(source, row, { ...plan, instance, link }, stored, plan.imported?.at ?? deps.clock.now())
    const verified = plan.verify
      ? await verifyNew(deps, row, { manifest: draft, openers: stored.openers, ancestors: plan.basis.ancestors }, task)
      : { verification: null, inconclusive: undefined }
    return { draft, ...verified }
  })
  if (verification?.valid === false) throw await setAside(deps, row, draft, verification, put)
  const manifest = deps.signing.sign({
    ...draft,
    facts: countedFacts(draft.facts, verification),
    ...suspicionOf(draft, history, verification?.checks ?? []),
    verifiedAt: verification === null ? null : deps.clock.now().toISOString()
  })
  task.phase('recording')
  await deps.store.put(manifestKey(row.key), Readable.from([Buffer.from(serializeManifest(manifest))]), {}, task.signal)
  return { manifest, verification, inconclusive }
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
    reportFailure(deps, row, toBackupError(thrown))
    throw thrown
  }
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
