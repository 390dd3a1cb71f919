import type { RestorePlan } from '../../../src/engine/restore/restore-plan.ts'
import type { EngineDeps } from '../../../src/engine/deps.ts'
import type { Task } from '../../../src/core/job.ts'
import { plannedRestore } from '../../../src/engine/restore/planned-restore.ts'
import { restoreSet } from '../../../src/engine/restore/set/restore-set.ts'
import type { SetPlan } from '../../../src/engine/restore/set/set-plan.ts'
import { never } from '../streams.ts'
import { withRestorers } from './restorers.ts'
import { openStage } from './set-stage.ts'

/**
 * Restores backup argv[3] of the set of a stage, with backup argv[4] as its safety backup, and kills itself, without
 * any warning, at the border number argv[5] of those before and after each step that changes a member or the record of
 * it. Prints how many borders there are, if it lives.
 */
const [home = '', id = '', safety = '', killAt = '-1'] = process.argv.slice(2)
let borders = 0

function border (): void {
  if (borders++ === Number(killAt)) process.kill(process.pid, 'SIGKILL')
}

async function bordered<T> (work: () => Promise<T>): Promise<T> {
  border()
  const result = await work()
  border()
  return result
}

function withBorders (deps: EngineDeps): EngineDeps {
  const { restores } = deps.catalog
  const steps: Partial<typeof restores> = {
    // As if the backup of the present content had been made by it.
    start: async ({ members = [], ...restore }) =>
      await restores.start({
        ...restore,
        members: members.map(member => ({ ...member, safetyBackupId: Number(safety) }))
      }),
    recordMembers: (...args) => bordered(() => restores.recordMembers(...args))
  }
  const catalog = {
    ...deps.catalog,
    restores: new Proxy(restores, {
      get (target, name) {
        const value: unknown = Reflect.get(steps, name) ?? Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) as unknown : value
      }
    })
  }
  return withRestorers({ ...deps, catalog }, restorer => ({
    place: (...args) => bordered(() => restorer.place(...args)),
    discard: (...args) => bordered(() => restorer.discard(...args))
  }))
}

function isOfSet (plan: RestorePlan | SetPlan): plan is SetPlan {
  return 'members' in plan
}

const task: Task = { jobId: 1, signal: never, phase () {}, bytes () {}, setBackup () {} }
const { deps, close } = await openStage(home, { role: 'guest' })
const counted = withBorders(deps)
const plan = await plannedRestore(counted, Number(id), { verify: false })
if (!isOfSet(plan)) throw new Error(`backup ${id} is not one of a set`)
const members = plan.members.map(member => ({ ...member, inPlace: undefined }))
await restoreSet(counted, { ...plan, members }, task)
await close(0)
process.stdout.write(String(borders))
