import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import type { HookCommand, Hooks } from '../../../src/core/hooks.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { testEngine, type TestEngine } from '../../support/engine/engine.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { tempDir } from '../../support/temp-dir.ts'

interface Scene extends TestEngine {
  /** The commands that have run, in order. */
  readonly ran: () => string[]
  /** From now on this command fails; undefined: none. */
  readonly fails: (name?: string) => void
}

async function scene (
  t: TestContext,
  names: Pick<Record<keyof Hooks, readonly string[]>, 'before' | 'after'>
): Promise<Scene> {
  const home = tempDir(t)
  const log = join(home, 'log')
  writeFileSync(log, '')
  const command = (name: string): HookCommand => [
    'sh',
    '-c',
    'echo "$1" | tee -a "$2/log"; test ! -e "$2/fails-$1"',
    'sh',
    name,
    home
  ]
  const hooks: Hooks = { before: names.before.map(command), after: names.after.map(command), timeout: 60_000 }
  const bench = await testEngine(t, { hooks: { shop: hooks } })
  let failing: string | undefined
  return {
    ...bench,
    ran: () => readFileSync(log, 'utf8').split('\n').slice(0, -1),
    fails (name) {
      if (failing !== undefined) rmSync(join(home, `fails-${failing}`))
      if (name !== undefined) writeFileSync(join(home, `fails-${name}`), '')
      failing = name
    }
  }
}

const TWO = { before: ['pause', 'stop'], after: ['start', 'resume'] }

test('hooks run around the reading of the source, before its verification, and their output is in the log of the job', async t => {
  const { engine, deps, faults, ran, create } = await scene(t, TWO)
  const reading = faults.pause('source.snapshot')
  const recording = faults.pause('store.put', /manifest/)
  const creating = create()
  await reading.reached
  assert.deepEqual(ran(), ['pause', 'stop'])
  reading.go()
  await recording.reached
  assert.deepEqual(ran(), ['pause', 'stop', 'start', 'resume'])
  recording.go()
  await creating
  const { jobs: [job] } = await engine.jobs({ limit: 1 })
  const log = await engine.jobOutput(job!.id)
  assert.deepEqual(log.map(({ text }) => text.replaceAll(/"sh .*"/g, '"…"')), [
    'before: "…": exit code 0\npause',
    'before: "…": exit code 0\nstop',
    'after: "…": exit code 0\nstart',
    'after: "…": exit code 0\nresume'
  ])
  assert.deepEqual(await deps.catalog.hooks.pending(), [])
})

test('where a command of "before" fails no backup is made, and all of "after" runs', async t => {
  const { deps, ran, fails, create, files } = await scene(t, TWO)
  fails('pause')
  await rejectsWith('HOOK_FAILED', create())
  assert.deepEqual(ran(), ['pause', 'start', 'resume'])
  assert.deepEqual([files(), await deps.catalog.hooks.pending()], [[], []])
})

test('"after" runs where the reading fails, and where the job is cancelled', async t => {
  const { engine, faults, ran, create } = await scene(t, { before: ['stop'], after: ['start'] })
  faults.fail('source.snapshot', { error: new BackupError('SOURCE_LOCKED', 'locked') })
  await rejectsWith('SOURCE_LOCKED', create())
  assert.deepEqual(ran(), ['stop', 'start'])

  const pause = faults.pause('source.snapshot')
  const { job, result } = await engine.create({ type: 'manual' })
  await pause.reached
  const cancelled = engine.cancel(job.id)
  pause.go()
  await cancelled
  await rejectsWith('CANCELLED', result)
  assert.deepEqual(ran(), ['stop', 'start', 'stop', 'start'])
})

test('a command of "after" that fails hinders no other and no backup; it is recorded, and runs again until it succeeds', async t => {
  const { deps, ran, fails, create } = await scene(t, { before: [], after: ['start', 'resume'] })
  fails('start')
  const backup = await create()
  assert.equal(backup.status, 'completed')
  assert.deepEqual(ran(), ['start', 'resume'])
  const [pending] = await deps.catalog.hooks.pending()
  assert.match(`${pending?.source}: ${pending?.error}`, /^shop: "sh .*": exit code 1$/)
  await housekeep(deps)
  assert.equal((await deps.catalog.hooks.pending()).length, 1)
  fails()
  await housekeep(deps)
  assert.deepEqual(await deps.catalog.hooks.pending(), [])
  assert.deepEqual(ran(), ['start', 'resume', 'start', 'resume', 'start', 'resume'])
})

test('"after" of a killed process runs at the next start, and not while its job lives', async t => {
  const { engine, deps, faults, ran, create } = await scene(t, { before: ['stop'], after: ['start'] })
  const pause = faults.pause('source.snapshot')
  const creating = create()
  await pause.reached
  await housekeep(deps)
  assert.deepEqual(ran(), ['stop'])
  pause.go()
  await creating
  const { jobs: [job] } = await engine.jobs({ limit: 1 })
  // What a process leaves that is killed after "before".
  await deps.catalog.hooks.begin('shop', job!.id, deps.clock.now())
  await housekeep(deps)
  assert.deepEqual([ran(), await deps.catalog.hooks.pending()], [['stop', 'start', 'start'], []])
})

test('hooks that may not run at all leave nothing pending', async t => {
  const before = [['stop']] as const
  const { deps, create, files } = await testEngine(t, {
    hooks: { shop: { before, after: [['start']], timeout: 60_000 } },
    runCommand: async () => {
      throw new BackupError('HOOK_FAILED', 'the hooks of a source run as the owner of DATA_DIR, user 1000')
    }
  })
  await rejectsWith('HOOK_FAILED', create())
  assert.deepEqual([files(), await deps.catalog.hooks.pending()], [[], []])
})

test('a source that has no hooks any more leaves nothing pending', async t => {
  const { deps } = await testEngine(t)
  await deps.catalog.hooks.begin('gone', 1, deps.clock.now())
  await housekeep(deps)
  assert.deepEqual(await deps.catalog.hooks.pending(), [])
})
