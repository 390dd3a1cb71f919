import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readHooks } from '../../src/config/hooks.ts'
import type { Problem } from '../../src/config/problem.ts'
import { NO_HOOKS, type Hooks } from '../../src/core/hooks.ts'

function read (value: unknown): { readonly hooks: Hooks, readonly problems: readonly string[] } {
  const problems: Problem[] = []
  const given = { name: 'sources[0].hooks', value, base: '/', origin: 'file' } as const
  return {
    hooks: readHooks(value === undefined ? undefined : given, problems),
    problems: problems.map(({ name, problem }) => `${name} ${problem}`)
  }
}

test('hooks are lists of commands with a timeout', () => {
  const before = [['docker', 'compose', 'stop', 'app'], ['sync']]
  const after = [['docker', 'compose', 'start', 'app']]
  assert.deepEqual(read({ before, after, timeout: '2m' }), { hooks: { before, after, timeout: 120_000 }, problems: [] })
  assert.deepEqual(read({ after }), { hooks: { before: [], after, timeout: 60_000 }, problems: [] })
  assert.deepEqual(read(undefined), { hooks: NO_HOOKS, problems: [] })
})

test('a text that a shell would have to take apart is refused, as is every other form', () => {
  const list =
    'is not a list of commands, each a list of a program and its arguments, such as [[docker, compose, stop, app]]'
  const timeout = 'is not a duration from 1s to 60m, such as 60s or 5m'
  const cases: ReadonlyArray<readonly [unknown, readonly string[]]> = [
    [{ before: 'docker compose stop' }, [`sources[0].hooks.before "docker compose stop" ${list}`]],
    [{ before: ['docker compose stop'] }, [`sources[0].hooks.before a list ${list}`]],
    [{ before: [[]] }, [`sources[0].hooks.before a list ${list}`]],
    [{ before: [['']] }, [`sources[0].hooks.before a list ${list}`]],
    [{ after: [['sleep', 5]] }, [`sources[0].hooks.after a list ${list}`]],
    [{ timeout: 60 }, [`sources[0].hooks.timeout "60" ${timeout}`]],
    [{ timeout: '0s' }, [`sources[0].hooks.timeout "0s" ${timeout}`]],
    [{ timeout: '00060s' }, [`sources[0].hooks.timeout "00060s" ${timeout}`]],
    [{ timeout: '61m' }, [`sources[0].hooks.timeout "61m" ${timeout}`]],
    [{ befor: [] }, ['sources[0].hooks.befor is not a known key']],
    ['stop', ['sources[0].hooks is not a map of fields']]
  ]
  for (const [value, problems] of cases) assert.deepEqual(read(value), { hooks: NO_HOOKS, problems })
})
