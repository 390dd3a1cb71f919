import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commandLine, type CommandLine, type CommandLineOptions } from '../../support/cli/command-line.ts'
import type { TestContext } from 'node:test'
import { shopDatabase } from '../../support/databases/shop.ts'

/** Two backups too many: they were made while more were kept. */
async function crowded (t: TestContext, options: CommandLineOptions = {}): Promise<CommandLine> {
  const line = await commandLine(t, { settings: { maxBackups: 10 }, ...options })
  for (let i = 0; i < 4; i++) await line.create()
  await line.engine.changeSettings({ maxBackups: 2 })
  return line
}

const ids = async ({ engine }: CommandLine): Promise<number[]> =>
  (await engine.backups({ limit: 9 })).backups.map(({ id }) => id)

test('a dry run shows the rule for each backup and removes nothing', async t => {
  const line = await crowded(t)
  const { code, out, err } = await line.holdfast('prune', '--dry-run')
  assert.deepEqual([code, err], [0, ''])
  assert.match(
    out,
    /^ID {2}SOURCE[^]*\n 4 .* keep .*newest[^]*\n 1 .* {2}(trash|erase) .*maxBackups[^]*\n2 of 4 backups to remove, 200\.0 kB\n$/
  )
  assert.deepEqual(await ids(line), [4, 3, 2, 1])
})

test('where nobody sits there prune does not ask', async t => {
  const line = await crowded(t)
  assert.match((await line.holdfast('prune')).out, /✓ 2 backups removed\n$/)
  assert.deepEqual(await ids(line), [4, 3])
})

test('on a terminal prune shows what would go and asks; only a yes removes it', async t => {
  const answers = [false, true]
  const asked: string[] = []
  const line = await crowded(t, {
    columns: 80,
    environment: { NO_COLOR: '1' },
    deps: {
      ask: async question => {
        asked.push(question)
        return answers.shift() ?? false
      }
    }
  })
  assert.match((await line.holdfast('prune')).out, /2 of 4 backups to remove, 200\.0 kB\nnothing was removed\n$/)
  assert.deepEqual(await ids(line), [4, 3, 2, 1])
  assert.match((await line.holdfast('prune')).out, /2 of 4 backups to remove, 200\.0 kB\n✓ 2 backups removed\n$/)
  assert.deepEqual([asked, await ids(line)], [['Remove them?', 'Remove them?'], [4, 3]])
})

test('of several databases prune names the source of what goes, however narrow the terminal is', async t => {
  const line = await crowded(t, { columns: 60, environment: { NO_COLOR: '1' } })
  const { out } = await line.holdfast('prune', '--dry-run')
  assert.ok(out.split('\n').every(text => text.length <= 60), out)
  assert.match(out, /SOURCE[^]*\n 1 +shop +2025-11-\d\d \d\d:\d\d .*(trash|erase)/)
})

test('a long name of a source is whole in the question of prune, however narrow the terminal is', async t => {
  const name = 'accounting-of-the-northern-branch'
  for (const columns of [20, 40, 60, 200]) {
    const line = await crowded(t, {
      columns,
      environment: { NO_COLOR: '1' },
      sources: [shopDatabase(t, name).source],
      deps: { ask: async () => false }
    })
    assert.match((await line.holdfast('prune')).out, new RegExp(`\\n[ …]*1 +${name} `), String(columns))
  }
})

for (const word of ['--force', '--yes', '--json', '--dry-run']) {
  test(`with ${word} nobody is asked`, async t => {
    const line = await crowded(t, { deps: { ask: () => assert.fail('asked') } })
    assert.equal((await line.holdfast('prune', word)).code, 0)
  })
}

test('nobody is asked about nothing', async t => {
  const line = await commandLine(t, { deps: { ask: () => assert.fail('asked') } })
  assert.match((await line.holdfast('prune')).out, /✓ 0 backups removed\n$/)
})

test('a source that would lose most of what it has is left alone unless it is forced', async t => {
  const line = await commandLine(t, { settings: { maxBackups: 20 } })
  for (let i = 0; i < 9; i++) await line.create()
  await line.engine.changeSettings({ maxBackups: 2 })
  assert.match(
    (await line.holdfast('prune', '--dry-run')).out,
    /"shop" would lose 7 of 9 backups, which requires --force\n$/
  )
  assert.equal((await line.holdfast('prune')).code, 5)
  assert.equal((await ids(line)).length, 9)
  assert.equal((await line.holdfast('prune', '--force')).code, 0)
  assert.deepEqual(await ids(line), [9, 8])
})
