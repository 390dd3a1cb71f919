import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Manifest } from '../../src/core/backup/manifest.ts'
import { partedSchema } from '../../src/core/backup/manifest-schema.ts'
import { makeMoney, TOTAL } from '../support/databases/money.ts'
import { needTool } from '../support/skip-without.ts'
import { testEngine } from '../support/engine/engine.ts'
import { openShop } from '../support/engine/open-shop.ts'
import { MemorySource } from '../support/sources/memory-source.ts'
import { tempDir } from '../support/temp-dir.ts'

const UNPACK = { none: ['true', []], gzip: ['gzip', ['-dk']], zstd: ['zstd', ['-dq']] } as const

function sha256 (path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

for (const compression of ['none', 'gzip', 'zstd'] as const) {
  test(`a backup is restored with standard tools alone, as docs/format.md says (${compression})`, async t => {
    if (!needTool(t, 'sqlite3') || !needTool(t, 'zstd')) return
    const home = tempDir(t)
    makeMoney(join(home, 'shop.db'))
    const { engine } = await openShop(t, home)
    const { filePath } = await (await engine.create({ type: 'manual', compression })).result
    const manifest = JSON.parse(readFileSync(`${filePath}.manifest.json`, 'utf8')) as Manifest
    assert.equal(sha256(filePath), manifest.object.sha256)

    const [command, words] = UNPACK[compression]
    execFileSync(command, [...words, filePath])
    const plain = filePath.replace(/\.(gz|zst)$/, '')
    assert.equal(sha256(plain), manifest.image.sha256)

    execFileSync('cp', [plain, join(home, 'restored.db')])
    const answer = execFileSync('sqlite3', [
      join(home, 'restored.db'),
      'PRAGMA integrity_check; PRAGMA foreign_key_check; PRAGMA journal_mode; SELECT sum(balance) FROM account; SELECT count(*) FROM entry'
    ], { encoding: 'utf8' })
    assert.deepEqual(answer.trim().split('\n'), [
      'ok',
      'wal',
      String(TOTAL),
      String(manifest.facts.tables.find(table => table.name === 'entry')?.rows)
    ])
  })
}

test('the schema digest is what docs/format.md says', async t => {
  if (!needTool(t, 'sqlite3')) return
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 10 })
  const { engine } = await openShop(t, home)
  const { id } = await (await engine.create({ type: 'manual' })).result
  const manifest = await engine.manifest(id)
  const lines = execFileSync('sqlite3', [
    join(home, 'shop.db'),
    'SELECT json_array(type, name, tbl_name, sql) FROM sqlite_schema ORDER BY type, name, tbl_name'
  ], { encoding: 'utf8' })
  assert.equal(createHash('sha256').update(lines).digest('hex'), manifest?.facts.details.schemaDigest)
})

test('the parts of a backup are compared and unpacked with standard tools alone, as docs/format.md says', async t => {
  for (const tool of ['jq', 'zstd', 'sha256sum']) if (!needTool(t, tool)) return
  const source = new MemorySource('books', { hasIndex: true })
  const { create, directory } = await testEngine(t, { sources: [source] })
  const { key } = await create({ compression: 'zstd' })
  const [, compare = '', list = ''] = /^### A backup of several parts$[^]*?^```sh\nM=.*\n(jq .*)\n(jq .*)\n```$/m.exec(
    readFileSync('docs/format.md', 'utf8')
  ) ?? []
  const shell = (command: string): string =>
    execFileSync('sh', ['-c', command], { cwd: directory, env: { ...process.env, M: `${key}.manifest.json` } })
      .toString()
  assert.deepEqual(shell(compare).trim().split('\n').map(line => line.split(' ')[1]), ['OK', 'OK'])
  const parts = shell(list).trim().split('\n').map(line => line.split(' '))
  assert.deepEqual(parts.map(([, format]) => format), ['memory', 'json'])
  for (const [name = '', , digest] of parts) {
    shell(`zstd -dq ${name}`)
    assert.equal(sha256(join(directory, name.replace(/\.zst$/, ''))), digest)
  }
})

test('the order of the keys of version 3 is the one in docs/format.md', () => {
  const [, text = ''] = /^The order of the keys is part[^]*?In version 3 it is ([^]*?);/m.exec(
    readFileSync('docs/format.md', 'utf8')
  ) ?? []
  const named = text.replaceAll(/\([^)]*\)/g, '').match(/(?<=`)\w+(?=`)/g)
  assert.deepEqual(named, Object.keys(partedSchema.shape))
})
