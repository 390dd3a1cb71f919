import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import type { Manifest } from '../../src/core/backup/manifest.ts'
import { holdfast } from '../support/processes/holdfast.ts'
import { ageKey, openpgpKey, PASSPHRASE } from '../support/pipeline/keys.ts'
import { makeMoney, TOTAL } from '../support/databases/money.ts'
import { needTool } from '../support/skip-without.ts'
import { startService } from '../support/processes/service.ts'
import { openShop } from '../support/engine/open-shop.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

const [key, pgp] = [await ageKey(), await openpgpKey()]
/** What no part of a sealed backup may show: of the content, and of the key. */
const MARKER = 'the diagnosis of patient 4711'
const GPG = [
  '--homedir',
  '.',
  '--batch',
  '--quiet',
  '--no-tty',
  '--pinentry-mode',
  'loopback',
  '--trust-model',
  'always'
]
const UNPACK = { gzip: ['gzip', ['-dk']], zstd: ['zstd', ['-dq']] } as const

const WAYS = [
  ['age', 'age', { BACKUP_ENCRYPTION: 'age', BACKUP_AGE_RECIPIENTS: key.recipient }, ['-d', '-i', 'key', '-o']],
  ['gpg', 'openpgp', { BACKUP_ENCRYPTION: 'openpgp', BACKUP_OPENPGP_PUBLIC_KEYS: pgp.publicKey }, [...GPG, '-d', '-o']],
  ['gpg', 'openpgp', { BACKUP_ENCRYPTION: 'openpgp', BACKUP_ENCRYPTION_PASSPHRASE: PASSPHRASE }, [
    ...GPG,
    '--passphrase',
    PASSPHRASE,
    '-d',
    '-o'
  ]]
] as const

for (const [tool, kind, environment, words] of WAYS) {
  for (const compression of ['gzip', 'zstd'] as const) {
    const by = 'BACKUP_ENCRYPTION_PASSPHRASE' in environment ? 'a passphrase' : 'a key'
    test(`a backup sealed by ${kind} with ${by} is restored with ${tool} and ${compression} alone, as docs/format.md says`, async t => {
      for (const needed of [tool, compression, 'sqlite3']) if (!needTool(t, needed)) return
      const home = tempDir(t)
      makeMoney(join(home, 'shop.db'), { entries: 5000 })
      const { engine } = await openShop(t, home, environment)
      const { filePath } = await (await engine.create({ type: 'manual', compression })).result
      const manifest = JSON.parse(readFileSync(`${filePath}.manifest.json`, 'utf8')) as Manifest

      const desk = tempDir(t)
      writeFileSync(join(desk, 'key'), key.identity)
      if (tool === 'gpg') {
        writeFileSync(join(desk, 'key.asc'), pgp.privateKey)
        execFileSync('gpg', [...GPG, '--import', 'key.asc'], { cwd: desk, stdio: 'pipe' })
      }
      const packed = join(desk, `backup.db${compression === 'gzip' ? '.gz' : '.zst'}`)
      execFileSync(tool, [...words, packed, filePath], { cwd: desk, stdio: 'pipe' })
      execFileSync(UNPACK[compression][0], [...UNPACK[compression][1], packed])
      assert.equal(
        createHash('sha256').update(readFileSync(join(desk, 'backup.db'))).digest('hex'),
        manifest.image.sha256
      )
      const answer = execFileSync('sqlite3', [
        join(desk, 'backup.db'),
        'PRAGMA integrity_check; SELECT sum(balance) FROM account'
      ], { encoding: 'utf8' })
      assert.deepEqual(answer.trim().split('\n'), ['ok', String(TOTAL)])
    })
  }
}

test('neither artifact, manifest, log, catalog nor what is left in scratch space shows anything of the content or of the private key', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 2000 })
  const database = new Database(join(home, 'shop.db'))
  database.exec(`CREATE TABLE secrets (note TEXT); INSERT INTO secrets VALUES ('${MARKER}')`)
  database.close()
  writeFileSync(join(home, 'identity'), key.identity, { mode: 0o600 })
  const token = tokenFor('admin')
  const environment = {
    DATABASE_PATH: 'shop.db',
    BACKUP_ENCRYPTION: 'age',
    BACKUP_AGE_RECIPIENTS: key.recipient,
    BACKUP_AGE_IDENTITY_FILE: 'identity',
    LOG_LEVEL: 'trace'
  }
  const service = await startService(t, home, environment, token)
  for (const compression of ['none', 'gzip', 'zstd']) {
    const created = await service.call('POST', '/api/backups', { compression })
    assert.equal(created.status, 201, JSON.stringify(created.body))
    assert.equal(created.body.backup.encryption, 'age')
    assert.equal(
      (await service.call('POST', `/api/backups/${created.body.backup.id as number}/verify`)).body.valid,
      true
    )
    assert.equal((await service.call('POST', `/api/backups/${created.body.backup.id as number}/drill`)).status, 200)
  }
  // A value that nobody takes brings a log line and an answer that might repeat it.
  await service.call('GET', '/api/backups/config')
  await service.kill('SIGTERM')

  const places = ['backups', 'data'].flatMap(name =>
    readdirSync(join(home, name), { recursive: true, encoding: 'utf8' }).map(path => join(home, name, path))
  ).filter(path => statSync(path).isFile())
  assert.ok(places.some(path => path.endsWith('.db.zst.age')) && places.some(path => path.endsWith('holdfast.db')))
  for (
    const [what, bytes] of [
      ...places.map(path => [path, readFileSync(path)] as const),
      ['the log', Buffer.from(service.log())] as const
    ]
  ) {
    for (const secret of [MARKER, 'of the ledger', key.identity, key.identity.slice(20, 50)]) {
      assert.equal(bytes.includes(secret), false, `${what} shows "${secret.slice(0, 12)}…"`)
    }
  }
})

test('a key made on the command line seals, is missing where it is taken away, and opens again where it is given', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 100 })
  const made = JSON.parse((await holdfast(['key', 'new', '--json'], home)).out) as { publicKey: string, file: string }
  const sealing = { DATABASE_PATH: 'shop.db', BACKUP_ENCRYPTION: 'age', BACKUP_AGE_RECIPIENTS: made.publicKey }
  const created = await holdfast(['backup', '--json'], home, sealing)
  assert.equal(created.code, 0, created.err)
  const { backup } = JSON.parse(created.out) as { backup: { filePath: string, verification: { status: string } } }
  assert.equal(backup.verification.status, 'valid')

  const refused = await holdfast(['restore', '1', '--target', 'restored.db'], home, sealing)
  assert.equal(refused.code, 5, refused.err)
  assert.ok(refused.err.includes(made.publicKey) && refused.err.includes('BACKUP_AGE_IDENTITY_FILE'), refused.err)
  assert.equal((await holdfast(['verify', '--file', backup.filePath], home, sealing)).code, 5)
  assert.equal((await holdfast(['verify', '1'], home, sealing)).code, 0)

  const opening = { ...sealing, BACKUP_AGE_IDENTITY_FILE: made.file }
  assert.equal((await holdfast(['verify', '--file', backup.filePath], home, opening)).code, 0)
  const restored = await holdfast(['restore', '1', '--target', 'restored.db', '--yes'], home, opening)
  assert.equal(restored.code, 0, restored.err)
  const card = await holdfast(['key', 'card', '--text'], home, opening)
  assert.ok(card.out.includes(readFileSync(made.file, 'utf8').split('\n')[2]!.slice(0, 4)))
})
