import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { commandLine, type CommandLine, type CommandLineOptions } from '../../support/cli/command-line.ts'
import { prose } from '../../support/streams.ts'

/** Three good backups and a suspect, number 4. */
async function attacked (t: TestContext, options: CommandLineOptions = {}): Promise<CommandLine> {
  const line = await commandLine(t, options)
  for (let n = 0; n < 3; n++) await line.create()
  line.source.bytes = prose(20_000)
  await line.create()
  return line
}

async function isReleased ({ engine }: CommandLine): Promise<boolean> {
  return (await engine.backup(4)).suspicion?.releasedAt !== null
}

test('create says at once that the backup is suspect, list marks it, and show says why', async t => {
  const line = await attacked(t)
  assert.match(
    (await line.holdfast('backup')).out,
    / {2}Suspect: the number of rows in "bytes" fell by 80 %, from 100000 to 20000\n/
  )
  assert.match((await line.holdfast('list')).out, /\n 4 .* suspect .*\n 3 .* valid /)
  assert.match(
    (await line.holdfast('show', '4')).out,
    /suspect +the number of rows in "bytes" fell by 80 %, from 100000 to 20000\n/
  )
})

test('release declares it good, and says so from then on', async t => {
  const line = await attacked(t)
  const { code, out } = await line.holdfast('release', '4')
  assert.deepEqual([code, out], [0, '✓ Released backup 4: it is no longer suspect\n'])
  assert.match((await line.holdfast('list')).out, /\n? ?4 .* valid /)
  assert.match((await line.holdfast('show', '4')).out, /released +2025-11-24 23:30:\d\d UTC \(just now\) by ann\n/)
  assert.equal((await line.holdfast('release', '4')).code, 5)
  assert.equal((await line.holdfast('release', '9')).code, 4)
  const { entries } = await line.deps.catalog.audit.list({ limit: 9 })
  assert.deepEqual(entries.map(({ action, target, outcome }) => [action, target, outcome]).at(-1), [
    'backup release',
    'backup 4',
    'done'
  ])
})

test('on a terminal it shows what is odd and asks; only a yes releases, and --yes is not asked', async t => {
  const answers = [false, true]
  const asked: string[] = []
  const line = await attacked(t, {
    columns: 100,
    environment: { NO_COLOR: '1' },
    deps: {
      ask: async question => {
        asked.push(question)
        return answers.shift() ?? assert.fail('asked once more')
      }
    }
  })
  assert.match(
    (await line.holdfast('release', '4')).out,
    /^Backup 4[^]*suspect +the number of rows in "bytes" fell by 80 %[^]*nothing was released\n$/
  )
  assert.equal(await isReleased(line), false)
  assert.match((await line.holdfast('release', '4')).out, /✓ Released backup 4/)
  assert.deepEqual(
    asked,
    Array.from({ length: 2 }, () => 'Release it, so that backups from before it may be removed?')
  )
  assert.equal((await line.create()).suspicion, null)
  line.source.bytes = prose(100)
  assert.equal((await line.create()).id, 6)
  assert.equal((await line.holdfast('release', '6', '--yes')).code, 0)
})

test('restore --latest passes a suspect over, and one that is named is restored with a warning', async t => {
  const line = await attacked(t, { columns: 200, environment: { NO_COLOR: '1' }, deps: { ask: async () => true } })
  assert.match((await line.holdfast('restore', '--latest')).out, /✓ Restored backup 3/)
  const { out } = await line.holdfast('restore', '4')
  assert.match(
    out,
    /⚠ WARNING: Backup 4 is suspect and not released: the number of rows in "bytes" fell by 80 %, from 100000 to 20000\.\n[^]*✓ Restored backup 4[^]*Warning +Backup 4 is suspect/
  )
  const { warning } = JSON.parse((await line.holdfast('restore', '4', '--confirm', '--json')).out)
  assert.match(warning, /^Backup 4 is suspect/)
})

test('several are released by their numbers, each with its own outcome', async t => {
  const line = await attacked(t)
  await line.create()
  const { code, out } = await line.holdfast('release', '4', '1', '5')
  assert.equal(code, 3)
  assert.match(out, /✓ Released backup 4: [^]*✓ Released backup 5: [^]*! backup 1: /)
  const [entry] = (await line.deps.catalog.audit.list({ limit: 1 })).entries
  assert.equal(entry?.target, 'backups 4, 1, 5')
})

test('--all-suspect releases every suspect, oldest first, and asks once about all of them', async t => {
  const asked: string[] = []
  const line = await attacked(t, {
    columns: 100,
    environment: { NO_COLOR: '1' },
    deps: {
      ask: async question => {
        asked.push(question)
        return true
      }
    }
  })
  await line.create()
  const { code, out } = await line.holdfast('release', '--all-suspect', '--source', 'shop')
  assert.equal(code, 0)
  assert.match(out, /^Backup 4[^]*Backup 5[^]*✓ Released backup 4: [^]*✓ Released backup 5: /)
  assert.deepEqual(asked, ['Release all 2 of them, so that backups from before backup 4 may be removed?'])
  assert.equal(await isReleased(line), true)
  assert.equal((await line.holdfast('release', '--all-suspect')).out, 'no backup is suspect\n')
  assert.deepEqual(JSON.parse((await line.holdfast('release', '--all-suspect', '--json')).out), {
    backups: [],
    failures: []
  })
})

test('release needs numbers or --all-suspect, and not both', async t => {
  const line = await commandLine(t)
  for (const words of [[], ['1', '--all-suspect'], ['1', '--source', 'shop']]) {
    assert.equal((await line.holdfast('release', ...words)).code, 2)
  }
  assert.equal((await line.holdfast('release', '--all-suspect', '--source', 'nowhere')).code, 4)
})
