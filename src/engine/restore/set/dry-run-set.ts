import { totalImageOf, type Manifest } from '../../../core/backup/manifest.ts'
import { toBackupError, type BackupError } from '../../../core/errors.ts'
import type { Task } from '../../../core/job.ts'
import { estimateRestore } from '../../../core/restore/estimate.ts'
import { linksOf } from '../../artifacts/links.ts'
import type { EngineDeps } from '../../deps.ts'
import { requireKind } from '../../require-kind.ts'
import { EARLIER, tableChanges, type DryRun, type MemberDryRun, type SpaceNeed, roomAt } from '../dry-run.ts'
import { feasibleMember, requireEmpty } from './feasible-set.ts'
import { modeOf, unpackedOf } from './restore-set.ts'
import { inOrder, type MemberPlan, type SetPlan } from './set-plan.ts'

/** As `dryRun`, for members of a set: the tables of each have its name in front, `audit.orders`. */
export async function dryRunSet (deps: EngineDeps, plan: SetPlan, task: Task): Promise<DryRun> {
  const { backup, directory } = plan
  task.phase('probing')
  let obstacle = directory === null ? null : await obstacleOf(() => requireEmpty(directory), task)
  const found: Array<MemberDryRun & { readonly plan: MemberPlan }> = []
  for (const planned of plan.members) {
    const member = await dryRunMember(planned, directory !== null, task)
    obstacle ??= member.obstacle
    found.push(member)
  }
  const members = inOrder(found.map(one => one.plan))
  const rows = await rowsOf(deps, plan, task)
  const { restores } = await deps.catalog.restores.list({ source: backup.source, limit: EARLIER })
  const bytes = members.reduce((sum, { manifest }) => sum + totalImageOf(manifest), 0)
  return {
    backup,
    mode: modeOf(members),
    target: directory ?? found.map(({ target }) => target).join(', '),
    isSecured: members.some(({ inPlace }) => inPlace !== undefined),
    ...rows,
    space: await spaceOf(deps, plan, bytes, task.signal),
    holders: found.flatMap(({ holders }) => holders),
    estimate: estimateRestore(restores, bytes),
    obstacle,
    members: found.map(({ plan: _plan, ...member }) => member)
  }
}

/** Nothing of the directory for the members need be there yet. */
async function dryRunMember (
  planned: MemberPlan,
  isInDirectory: boolean,
  task: Task
): Promise<MemberDryRun & { readonly plan: MemberPlan }> {
  let plan = planned
  const obstacle = isInDirectory
    ? null
    : await obstacleOf(async () => {
      plan = await feasibleMember(planned, task.signal)
    }, task)
  const { member: { name, kind }, placement: { path, mode }, restorer } = plan
  return { name, kind, target: path, mode, holders: await restorer.holders(path, task.signal), obstacle, plan }
}

async function obstacleOf (work: () => Promise<void>, task: Task): Promise<BackupError | null> {
  try {
    await work()
    return null
  } catch (thrown) {
    task.signal.throwIfAborted()
    return toBackupError(thrown)
  }
}

async function rowsOf (
  deps: EngineDeps,
  { backup, members }: SetPlan,
  task: Task
): Promise<Pick<DryRun, 'tables' | 'skipped' | 'rowsUnknown'>> {
  const rowed = members.filter(({ inPlace, member: { kind } }) =>
    inPlace !== undefined && requireKind(deps, kind).rows !== null
  )
  const tables: Array<NonNullable<DryRun['tables']>[number]> = []
  const skipped: Array<DryRun['skipped'][number]> = []
  if (rowed.length === 0) return { tables: null, skipped, rowsUnknown: 'no database is restored in its place' }
  for (const { member: { name } } of rowed) {
    const found = await tableChanges(deps, backup.id, name, task)
    if (found.tables === null) return { ...found, rowsUnknown: `of "${name}": ${found.rowsUnknown ?? ''}` }
    tables.push(...found.tables.map(change => ({ ...change, table: `${name}.${change.table}` })))
    skipped.push(...found.skipped.map(({ table, reason }) => ({ table: `${name}.${table}`, reason })))
  }
  return { tables, skipped, rowsUnknown: null }
}

async function spaceOf (
  deps: EngineDeps,
  plan: SetPlan,
  bytes: number,
  signal: AbortSignal
): Promise<readonly SpaceNeed[]> {
  const manifests: Manifest[] = [plan.manifest]
  for (const { id } of (await linksOf(deps, plan.backup)).slice(1)) {
    const found = await deps.catalog.backups.manifest(id)
    if (found !== undefined) manifests.unshift(found)
  }
  const scratch = await deps.scratch.space()
  const needs: SpaceNeed[] = [{
    use: 'scratch',
    place: deps.scratch.directory,
    needed: unpackedOf(plan, manifests),
    free: scratch.free
  }]
  for (const { manifest, placement: { path } } of plan.members) {
    needs.push({ use: 'target', ...await roomAt(plan.directory ?? path), needed: totalImageOf(manifest) })
  }
  if (plan.members.some(({ inPlace }) => inPlace !== undefined)) {
    needs.push({
      use: 'backups',
      place: deps.store.name,
      needed: bytes,
      free: (await deps.store.space(signal))?.free ?? null
    })
  }
  return needs
}
