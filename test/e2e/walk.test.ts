import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { needTool } from '../support/skip-without.ts'
import { newcomer } from '../support/walk/newcomer.ts'
import { shellBlocks } from '../support/walk/page.ts'

/** What a newcomer reads, in this order. */
const PAGES = ['README.md', 'docs/cli.md', 'docs/operations.md']
const [ROWS, ROWS_LEFT] = [750, 602]

interface Seen {
  readonly cwd: string
  /** What the block wrote. */
  readonly text: string
}

/** What the blocks with these words have done. Every other block only has to end with 0. */
const EFFECTS: ReadonlyArray<readonly [string, (seen: Seen) => void]> = [
  ['-- sample shop.db', ({ cwd }) => {
    assert.equal(linesIn(join(cwd, 'shop.db')), ROWS)
    assert.equal(readFileSync(join(cwd, '.env'), 'utf8'), 'DATABASE_PATH=./shop.db\n')
  }],
  ['-X POST http://localhost:3000/api/backups -H', ({ cwd, text }) => {
    const [answer] = answersIn(text)
    requireSameShape(exampleIn(page('README.md')), answer)
    assert.equal(answer.backup.filePath, join(cwd, 'backups', answer.backup.fileName))
  }],
  ['/api/backups/1/download', ({ cwd, text }) => {
    const [list, verified, stats, config] = answersIn(text)
    assert.deepEqual(list.backups.map(({ id }: { id: number }) => id), [1])
    assert.equal(verified.valid, true)
    assert.equal(stats.statistics.totalBackups, 1)
    assert.equal(config.config.autoBackupEnabled, true)
    assert.equal(linesIn(join(cwd, 'copy.db')), ROWS)
  }],
  ['"before the migration"', ({ text }) => {
    assert.match(text, /✓ Created full backup: shop-backup-/)
    assert.match(text, /shop .* valid .* before the migration/)
    assert.match(text, /all \d+ backups are valid/)
    assert.match(text, /nothing to remove/)
    assert.match(text, /No problems/)
  }],
  ['npm run -s holdfast -- restore 1', ({ cwd, text }) => {
    assert.match(text, /✓ Restored backup 1 to /)
    assert.match(text, /To undo +npm run -s holdfast -- restore \d/)
    assert.equal(linesIn(join(cwd, 'shop.db')), ROWS)
  }],
  ['-- salvage shop.db', ({ cwd, text }) => {
    assert.match(text, /InvoiceLine +150 +600\n/)
    assert.match(text, /Wrote 2 rows of backup 1 into the live database/)
    assert.equal(linesIn(join(cwd, 'shop.db')), ROWS_LEFT)
    assert.equal(linesIn(join(cwd, 'saved.db')), ROWS_LEFT)
  }],
  ['sha256sum "$BACKUP"', ({ cwd, text }) => {
    assert.match(text, /^[0-9a-f]{64} {2}backups\/shop-backup-.*\nok\n$/)
    assert.equal(linesIn(join(cwd, 'shop.db')), ROWS)
  }],
  ['-- key new --output key.txt', ({ cwd }) => {
    assert.equal(statSync(join(cwd, 'key.txt')).mode & 0o777, 0o600)
  }],
  ["holdfast backup list --json | jq -r '.[0].backup_id'", ({ text }) => {
    assert.match(text, /^\d+\n$/)
  }],
  ['holdfast restore --latest --confirm', ({ cwd, text }) => {
    assert.match(text, /✓ Restored backup 1 to .*\n[\s\S]*✓ Restored backup \d+ to /)
    assert.equal(linesIn(join(cwd, 'shop.db')), ROWS)
  }],
  ['/api/backups/1/restore', ({ text }) => {
    const [{ restore }] = answersIn(text)
    assert.deepEqual([restore.backupId, restore.status], [1, 'completed'])
  }],
  ['--csv lines.csv', ({ cwd }) => {
    assert.equal(readFileSync(join(cwd, 'lines.csv'), 'utf8').trim().split('\n').length, 3)
  }]
]

test('the commands of the README and of the pages about commands and operation work as they are printed', async t => {
  for (const tool of ['curl', 'jq', 'script', 'sqlite3']) if (!needTool(t, tool)) return
  const { cwd, run, start } = await newcomer(t)
  const unseen = new Map(EFFECTS)
  for (const block of PAGES.flatMap(name => shellBlocks(page(name), name))) {
    await t.test(`${block.place}: ${block.commands.split('\n')[0]}`, async t => {
      if (block.how === 'not run') {
        t.skip(block.note)
        return
      }
      if (block.how === 'background') {
        await start(block)
        return
      }
      const { code, text } = await run(block)
      assert.equal(code, 0, text)
      for (const [words, requireEffect] of EFFECTS.filter(([words]) => block.commands.includes(words))) {
        requireEffect({ cwd, text })
        unseen.delete(words)
      }
    })
  }
  assert.deepEqual([...unseen.keys()], [], 'no block with these words was run to its end')
})

test('a marker that the walk does not know, or that stands before no block, is a mistake', () => {
  const block = '```sh\ntrue\n```\n'
  assert.deepEqual(shellBlocks(`<!-- walk: not run: it needs the moon -->\n\n${block}`, 'a.md'), [
    { place: 'a.md:3', commands: 'true', how: 'not run', answers: null, note: 'it needs the moon' }
  ])
  assert.throws(() => shellBlocks(`<!-- walk: skip -->\n${block}`, 'a.md'), /a\.md:4: the walk does not know "skip"/)
  assert.throws(
    () => shellBlocks(`<!-- walk: answers y -->\ntext\n${block}`, 'a.md'),
    /a\.md:2: the marker has no block/
  )
})

function page (name: string): string {
  return readFileSync(join(import.meta.dirname, '../..', name), 'utf8')
}

function linesIn (path: string): unknown {
  const db = new Database(path, { readonly: true, fileMustExist: true })
  try {
    return db.prepare('SELECT count(*) FROM InvoiceLine').pluck().get()
  } finally {
    db.close()
  }
}

/** The answers of the API in what curl wrote: they end without a line end, and its table of progress follows. */
function answersIn (text: string): any[] {
  const answers = [...text.matchAll(/^.*?(\{"success":.*\})/gm)].map(([, json = '']) => JSON.parse(json))
  for (const answer of answers) assert.equal(answer.success, true, JSON.stringify(answer))
  return answers
}

function exampleIn (page: string): any {
  return JSON.parse(/```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '')
}

/** What the example has, the answer has as well, of the same type; numbers and states are those that it has. */
function requireSameShape (example: any, answer: any, path = 'answer'): void {
  assert.equal(typeof answer, typeof example, path)
  if (typeof example === 'number' || typeof example === 'boolean') assert.equal(answer, example, path)
  else if (/\.(status|backupType|message)$/.test(path)) assert.equal(answer, example, path)
  else if (typeof example === 'object' && !Array.isArray(example)) {
    for (const [key, value] of Object.entries(example)) requireSameShape(value, answer[key], `${path}.${key}`)
  }
}
