import assert from 'node:assert/strict'
import { test } from 'node:test'
import pc from 'picocolors'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { viewRestores } from '../../../src/cli/views/restore.ts'
import { aRestore } from '../../support/builders/restore.ts'
import { commandLine } from '../../support/cli/command-line.ts'

test('restores shows what was restored and drilled, newest first, and which backup undoes it', async t => {
  const line = await commandLine(t)
  assert.equal((await line.holdfast('restores')).out, 'no restores\n')
  await line.create()
  await line.holdfast('restore', '1', '--confirm')
  await line.holdfast('drill', '1')
  const { code, out } = await line.holdfast('restores')
  assert.equal(code, 0)
  assert.match(out, /^ID +STARTED \(UTC\) +AGE +KIND +BACKUP +SOURCE +STATUS +DURATION +UNDO +BY +TARGET\n/)
  assert.match(out, /\n +2 +2025-11-24 23:30 +just now +drill +1 +shop +passed +\d\.\d s +ann +/)
  assert.match(
    out,
    /\n +1 +2025-11-24 23:30 +just now +restore +1 +shop +completed +\d\.\d s +2 +ann +\/memory\/shop\n$/
  )
})

test('restores narrows by kind and source, and --json is as its schema says', async t => {
  const { holdfast, json, create } = await commandLine(t)
  await create()
  await holdfast('restore', '1', '--output', '/copy.db')
  await holdfast('drill', '1')
  const printed = await json('restores')
  assert.deepEqual(OUTPUTS['restores list'].parse(printed), printed)
  const ids = async (...words: string[]): Promise<number[]> =>
    (await json('restores', ...words)).restores.map(({ id }: { id: number }) => id)
  assert.deepEqual([
    await ids(),
    await ids('--kind', 'drill'),
    await ids('--kind', 'restore'),
    await ids('--limit', '1')
  ], [[2, 1], [2], [1], [2]])
})

test('a target that is too long keeps its file name, and an error has a column of its own', () => {
  const restores = [
    aRestore({ target: '/srv/data/of/a/long/path/to/the/database/customers.db' }),
    aRestore({ target: '/srv/data/of/a/long/path/to/the/database/orders.db', errorCode: 'SOURCE_LOCKED' })
  ]
  const out = viewRestores(restores).text({
    width: 120,
    colours: pc.createColors(false),
    now: new Date(),
    timeZone: 'UTC',
    command: 'holdfast'
  })
  assert.match(out, / ERROR +TARGET\n/)
  assert.match(out, /…\S*customers\.db\n/)
  assert.match(out, / SOURCE_LOCKED +\S*…\S*orders\.db\n/)
  assert.ok(out.split('\n').every(line => line.length <= 120), out)
})

test('restores, drills and runs of a source that there is not are an error', async t => {
  const { holdfast, json } = await commandLine(t)
  for (const command of ['restores', 'drills', 'runs']) {
    const { code, err } = await holdfast(command, '--source', 'ledger')
    assert.deepEqual([code, err], [4, 'holdfast: there is no source "ledger"\nhint: Choose one of "shop".\n'], command)
    assert.deepEqual(await json(command, '--source', 'shop'), { [command]: [] })
  }
})

test('a kind that is none is wrong usage', async t => {
  const { holdfast } = await commandLine(t)
  const { code, err } = await holdfast('restores', '--kind', 'rescue')
  assert.equal(code, 2)
  assert.match(err, /Allowed choices are restore, drill/)
})
