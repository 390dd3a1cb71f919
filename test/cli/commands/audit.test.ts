import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { commandLine } from '../../support/cli/command-line.ts'

test('audit narrows, and shows a table', async t => {
  const { holdfast, json } = await commandLine(t)
  await holdfast('backup')
  await holdfast('pin', '9')
  assert.deepEqual((await json('audit', '--outcome', 'refused')).entries.map(({ code }: { code: string }) => code), [
    'BACKUP_NOT_FOUND'
  ])
  assert.deepEqual((await json('audit', '--action', 'backup create', '--limit', '1')).entries.length, 1)
  assert.deepEqual(await json('audit', '--actor', 'bob'), { entries: [] })
  assert.match(
    (await holdfast('audit', '--outcome', 'refused')).out,
    /^AT \(UTC\) +WHO +FROM +BY +ACTION +TARGET +OUTCOME\n.* ann +here +cli +backup pin +backup 9 +refused: BACKUP_NOT_FOUND\n/
  )
})

test('audit --json is as its schema says, --since leaves out what is older', async t => {
  const { holdfast, json, clock } = await commandLine(t)
  assert.equal((await holdfast('audit')).code, 0)
  clock.move(86_400_000)
  await holdfast('backup')
  const printed = await json('audit')
  assert.deepEqual(OUTPUTS.audit.parse(printed), printed)
  assert.deepEqual(printed.entries.map(({ action }: { action: string }) => action), ['backup create', 'audit'])
  assert.deepEqual(
    (await json('audit', '--since', '2025-11-25T12:00:00Z')).entries.map(({ action }: { action: string }) => action),
    ['audit', 'backup create']
  )
})

test('an outcome or a time that is none is wrong usage', async t => {
  const { holdfast } = await commandLine(t)
  for (const words of [['--outcome', 'lost'], ['--since', 'lately'], ['--limit', '0']]) {
    assert.equal((await holdfast('audit', ...words)).code, 2, words.join(' '))
  }
})
