import assert from 'node:assert/strict'
import { test } from 'node:test'
import pc from 'picocolors'
import { OUTPUTS } from '../../../src/cli/schemas.ts'
import { viewFiles } from '../../../src/cli/views/files.ts'
import { aTreeEntry } from '../../support/builders/tree.ts'
import { commandLine } from '../../support/cli/command-line.ts'

test('files lists what is in a backup, or what matches', async t => {
  const { holdfast, create } = await commandLine(t)
  await create()
  const { code, out } = await holdfast('files', '1')
  assert.equal(code, 0)
  assert.match(out, /^MODE +OWNER +SIZE +MODIFIED \(UTC\) +PATH\n-0644 +0:0 +\d.* +1970-01-01 00:00 +text\n/)
  assert.match(out, /There are more: give a pattern, or raise --limit\.\n$/)
  assert.equal((await holdfast('files', '1', 'text')).code, 0)
  assert.equal((await holdfast('files', '1', 'other')).out, 'no files\n')
})

test('files --json is as its schema says, and reports that there are more', async t => {
  const { json, create } = await commandLine(t)
  await create()
  const printed = await json('files', '1')
  assert.deepEqual(OUTPUTS.files.parse(printed), printed)
  assert.deepEqual([printed.files.length, printed.more], [1, true])
})

test('what cannot be listed ends with its exit code', async t => {
  const { holdfast, create } = await commandLine(t)
  await create()
  assert.deepEqual(
    await Promise.all(
      [['9'], ['1', '..'], ['1', '--limit', '0'], ['none']].map(async words => (await holdfast('files', ...words)).code)
    ),
    [4, 2, 2, 2]
  )
})

test('links show where they lead, and a file that could not be read shows that it is missing', () => {
  const lines = viewFiles({
    next: null,
    entries: [
      aTreeEntry({ path: '.', type: 'directory' }),
      aTreeEntry({ path: 'payloads', type: 'directory' }),
      aTreeEntry({ path: 'link', type: 'symlink', target: 'payloads' }),
      aTreeEntry({ path: 'hard', type: 'hardlink', target: 'one' }),
      aTreeEntry({ path: 'lost', isUnreadable: true })
    ]
  }).text({ width: 200, colours: pc.createColors(false), now: new Date(), timeZone: 'UTC', command: 'holdfast' })
  assert.deepEqual(lines.split('\n').slice(1, 6).map(line => line.replace(/^.*\d\d:\d\d +/, '')), [
    '.',
    'payloads/',
    'link → payloads',
    'hard, the same file as one',
    'lost (not in the backup: unreadable)'
  ])
})
