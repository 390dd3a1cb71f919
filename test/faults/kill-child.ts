import { openEngine } from '../../src/app/open-engine.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { ProtectedSource } from '../../src/core/protected-source.ts'
import type { EngineDeps } from '../../src/engine/deps.ts'
import type { Engine } from '../../src/engine/engine.ts'
import { Runner } from '../../src/engine/jobs/runner.ts'
import { makeEngine } from '../../src/engine/make-engine.ts'
import { leftBehind } from '../support/processes/left-behind.ts'
import { farStore, work } from '../support/stores/offsite-directory.ts'

/**
 * Does one piece of work with the real engine and kills itself, without any warning, at one of the borders between its
 * steps: each call that changes something in store, catalog, source or scratch has a border before it and one after.
 * argv[4] counts those borders at which a kill leaves something else than at the border before. With "guest" as argv[5]
 * it works beside a server, and argv[4] counts all borders: the server may write at any time.
 * Prints how many borders it passed, if it lives to see the end.
 */
const [home = '', verb = '', killAt = '', role = 'server'] = process.argv.slice(2)
let [borders, changed, last] = [0, 0, '']
/** Calls that have begun and not ended: a kill ends them in the middle. */
const underWay: string[] = []

function border (): void {
  borders++
  if (role !== 'guest') {
    const now = `${underWay.join()} ${leftBehind(home)}`
    if (now === last) return
    last = now
  }
  if (changed++ === Number(killAt)) process.kill(process.pid, 'SIGKILL')
}

/** Calls that change nothing: a kill on either side of one leaves the same as a kill after the change before it. */
const READS: ReadonlySet<string | symbol> = new Set([
  'list',
  'stat',
  'get',
  'manifest',
  'existing',
  'lastGood',
  'isBuiltOn',
  'isNamed',
  'location',
  'space',
  'probe',
  'task',
  'work'
])

function counted<T extends object> (target: T): T {
  return new Proxy(target, {
    get (object, name, receiver) {
      const value: unknown = Reflect.get(object, name, receiver)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        if (READS.has(name)) return value.apply(object, args) as unknown
        border()
        const call = String(name)
        underWay.push(call)
        const result: unknown = value.apply(object, args)
        const ended = (): void => {
          underWay.splice(underWay.indexOf(call), 1)
        }
        if (!(result instanceof Promise)) {
          ended()
          return result
        }
        return result.finally(() => {
          ended()
          border()
        })
      }
    }
  })
}

/**
 * What brings something back makes a backup on its way, or proves one: their own borders are those of "create" and
 * "verify".
 */
function withBorders (deps: EngineDeps): EngineDeps {
  if (verb.startsWith('upload')) {
    const catalog = { ...deps.catalog, copies: counted(deps.catalog.copies), backups: counted(deps.catalog.backups) }
    const far = { ...farStore(home), store: counted(farStore(home).store) }
    return { ...deps, catalog, store: counted(deps.store), offsite: new Map([['far', far]]) }
  }
  if (/^(?:restore|rescue|drill)/.test(verb)) {
    const kinds = new Map(
      [...deps.kinds].map(([name, kind]) => [name, {
        ...kind,
        restorer: kind.restorer && counted(kind.restorer),
        rows: kind.rows && counted(kind.rows)
      }])
    )
    return {
      ...deps,
      catalog: { ...deps.catalog, restores: counted(deps.catalog.restores) },
      kinds,
      scratch: counted(deps.scratch)
    }
  }
  const { backups, jobs, hooks } = deps.catalog
  const catalog = { ...deps.catalog, backups: counted(backups), jobs: counted(jobs), hooks: counted(hooks) }
  const sources = new Map(
    [...deps.sources].map(
      ([name, { source, ...rest }]): [string, ProtectedSource] => [name, { source: counted(source), ...rest }]
    )
  )
  const runner = new Runner({
    catalog,
    clock: deps.clock,
    events: deps.events,
    maxConcurrent: 2,
    maxQueued: { all: 100, perSource: 20 }
  })
  const { runCommand } = counted({ runCommand: deps.runCommand })
  return { ...deps, catalog, sources, runner, runCommand, store: counted(deps.store), scratch: counted(deps.scratch) }
}

async function run (deps: EngineDeps, engine: Engine): Promise<unknown> {
  const { backups } = await engine.backups({ limit: 1, status: 'completed' })
  const id = backups[0]?.id ?? 0
  switch (verb) {
    case 'create':
      return await (await engine.create({ type: 'scheduled', compression: 'zstd' })).result
    case 'increment':
      return await (await engine.create({ source: 'notes', type: 'manual', method: 'incremental' })).result
    case 'set':
    case 'set increment': {
      const method = verb === 'set' ? 'full' : 'incremental'
      return await (await engine.create({ source: 'app', type: 'scheduled', compression: 'zstd', method })).result
    }
    case 'create plain':
      return await (await engine.create({ type: 'scheduled', compression: 'none' })).result
    case 'upload':
      return await (await engine.upload(id, {})).result
    case 'upload remove':
      await work(deps, engine)
      return undefined
    case 'verify':
      return await (await engine.verify(id)).result
    case 'remove':
      return await (await engine.remove(id, { force: true })).result
    case 'undelete': {
      const trashed = await engine.backups({ limit: 1, trashed: true })
      return await (await engine.undelete(trashed.backups[0]?.id ?? 0)).result
    }
    case 'edit':
      return await engine.edit(id, { description: `edited at ${killAt}` })
    case 'restore':
      return await (await engine.restore(1, {})).result
    case 'rescue':
      return await (await engine.rescue(1, { selections: [{ table: 'entry', where: 'id <= 50' }], dryRun: false }))
        .result
    case 'drill':
      return await (await engine.drill({ id: 1, actor: null })).result
    case 'restore replace':
      return await (await engine.restore(1, { mode: 'replace' })).result
    case 'restore target':
      return await (await engine.restore(1, { target: `${home}/copy.db`, overwrite: true })).result
    case 'prune':
      return await (await engine.prune({ dryRun: false })).result
    default:
      throw new Error(`unknown verb "${verb}"`)
  }
}

const silent = { debug () {}, info () {}, warn () {}, error () {} }
const config = loadConfig({
  ...!verb.startsWith('set') && { DATABASE_PATH: `${home}/shop.db` },
  BACKUP_DIR: `${home}/backups`,
  DATA_DIR: `${home}/data`,
  MAX_BACKUPS: '2'
}, home)
const { deps, close } = verb === 'increment'
  ? await (await import('../support/engine/growing-process.ts')).openGrowing(home)
  : await openEngine(config, { logger: silent, role: role === 'guest' ? 'guest' : 'server' })
const bordered = withBorders(deps)
await run(bordered, makeEngine(bordered))
await close(0)
console.log(borders)
