import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { holdfast, type Ended } from '../support/processes/holdfast.ts'
import { workDir } from '../support/config/config.ts'
import { PASSPHRASE } from '../support/pipeline/keys.ts'
import { makeMoney } from '../support/databases/money.ts'
import { startService, type Service } from '../support/processes/service.ts'
import { tokenFor } from '../support/http/token.ts'

interface Home {
  readonly cwd: string
  readonly service: Service
  /** A command in the same directory, with nothing but this in its environment. */
  readonly run: (words: string, environment?: Readonly<Record<string, string>>) => Promise<Ended>
  /** Names of the finished objects in BACKUP_DIR. */
  readonly objects: () => readonly string[]
}

/** A server that was told everything by its environment, as "VARIABLE=… npm start" and a unit of systemd do. */
async function served (t: TestContext, environment: Readonly<Record<string, string>>): Promise<Home> {
  const cwd = workDir(t)
  makeMoney(join(cwd, 'app.db'), { entries: 20 })
  const service = await startService(t, cwd, { DATABASE_PATH: './app.db', ...environment }, tokenFor('admin'))
  return {
    cwd,
    service,
    run: (words, given = {}) => holdfast(words.split(' '), cwd, given),
    objects: () =>
      readdirSync(join(cwd, environment.BACKUP_DIR ?? 'backups')).filter(name =>
        /-backup-/.test(name) && !name.endsWith('.manifest.json')
      )
  }
}

test('a command beside a server that was configured by its environment backs up the same source, by the same rules', async t => {
  const { run, objects, service, cwd } = await served(t, {
    MAX_BACKUPS: '2',
    BACKUP_DIR: './kept',
    BACKUP_COMPRESSION: 'zstd'
  })
  const made = await run('backup')
  assert.deepEqual([made.code, /app-backup/.test(made.out)], [0, true], made.err)
  assert.match(objects()[0] ?? '', /^app-backup-.*\.db\.zst$/)
  assert.equal(statSync(join(cwd, 'data/server-config.json')).mode & 0o777, 0o600)
  // The server is down at three in the morning.
  assert.equal(await service.kill('SIGTERM'), 0)
  const restored = await run('restore --latest --confirm')
  assert.deepEqual([restored.code, /Restored backup 1 to .*app\.db/.test(restored.out)], [0, true], restored.err)
  const elsewhere = join(cwd, 'elsewhere')
  mkdirSync(elsewhere)
  const listed = await holdfast(['list', '--json'], elsewhere, { DATA_DIR: '../data' })
  assert.equal((JSON.parse(listed.out) as unknown[]).length, 2, listed.err)
  assert.deepEqual(readdirSync(elsewhere), [])
})

test('where a command was told otherwise it refuses, names each key, and nothing is made or removed; it can be told to go on', async t => {
  const { run, objects, service } = await served(t, { MAX_BACKUPS: '50', BACKUP_COMPRESSION: 'gzip' })
  for (let made = 0; made < 3; made++) assert.equal((await service.call('POST', '/api/backups')).status, 201)
  const other = { MAX_BACKUPS: '1', BACKUP_COMPRESSION: 'none' }
  for (
    const words of [
      'backup',
      'prune --yes',
      'list',
      'restore --latest --confirm',
      'verify --all',
      'sources',
      'backup scheduler status',
      'config show'
    ]
  ) {
    const { code, out, err } = await run(words, other)
    assert.deepEqual([code, out.includes('app-backup')], [2, false], words)
    assert.match(
      out + err,
      /MAX_BACKUPS: is "1" here, and "50" on the server\n[^]*BACKUP_COMPRESSION: is "none" here, and "gzip" on the server\n/,
      words
    )
  }
  const asJson = await run('backup --json', other)
  const { error } = JSON.parse(asJson.err) as { error: { code: string, hint: string, details: unknown } }
  assert.deepEqual([error.code, error.details], ['CONFIG_DIFFERS', { keys: 'MAX_BACKUPS, BACKUP_COMPRESSION' }])
  assert.match(error.hint, /--ignore-server-config/)
  assert.equal((await run('doctor', other)).code, 2)
  assert.equal(objects().length, 3)
  assert.equal(
    (await run('backup app --ignore-server-config', { ...other, MAX_BACKUPS: '100', DATABASE_PATH: './app.db' })).code,
    0
  )
  assert.equal((await run('--ignore-server-config list', other)).code, 0)
  assert.deepEqual(objects().filter(name => name.endsWith('.db')).length, 1)
})

test('what is sealed stays sealed: the passphrase of the server is never left out in silence', async t => {
  const { run, objects, service } = await served(t, {
    BACKUP_ENCRYPTION: 'age',
    BACKUP_ENCRYPTION_PASSPHRASE: PASSPHRASE
  })
  const refused = await run('backup')
  assert.deepEqual([refused.code, objects()], [2, []])
  assert.match(
    refused.err,
    /encrypted with a passphrase that only the server has\nhint: .*BACKUP_ENCRYPTION_PASSPHRASE_FILE/
  )
  assert.equal((await run('list')).code, 0)
  assert.equal((await run('backup', { BACKUP_ENCRYPTION_PASSPHRASE: PASSPHRASE })).code, 0)
  // Without the record nobody says any more how backups are sealed.
  await service.kill('SIGTERM')
  for (const words of ['backup app --ignore-server-config', 'restore 1 --confirm --ignore-server-config']) {
    const plain = await run(words, { DATABASE_PATH: './app.db' })
    assert.equal(plain.code, 2, words)
    assert.match(plain.err, /is encrypted with age, and encryption is not configured[^]*BACKUP_ENCRYPTION=none/, words)
  }
  assert.deepEqual(objects().map(name => /\.age$/.test(name)), [true])
  assert.equal(
    (await run('backup app --ignore-server-config', { DATABASE_PATH: './app.db', BACKUP_ENCRYPTION: 'none' })).code,
    0
  )
})

test('no token is signed with another secret than that of the server', async t => {
  const { run } = await served(t, {})
  const { code, out, err } = await run('token create --role admin')
  assert.deepEqual([code, out], [2, ''])
  assert.match(
    err,
    /the server checks tokens with JWT_SECRET, which is not set for this command\nhint: Set JWT_SECRET for the command/
  )
})

test('"config check" shows what comes from the server', async t => {
  const { run, cwd } = await served(t, { MAX_BACKUPS: '50' })
  const { out, code } = await run('config check')
  assert.equal(code, 0)
  assert.match(out, /^MAX_BACKUPS +50 {2}\[server\]$/m)
  assert.match(out, new RegExp(`^source app \\(sqlite\\), the default: ${cwd}/app.db$`, 'm'))
})

test('without any database a command does not back up the catalog in its place, unless it is named', async t => {
  const cwd = workDir(t)
  // "backup" comes first: it makes the catalog that the others need.
  const commands = [
    ['backup'],
    ['restore', '--latest', '--confirm'],
    ['restore', '--at', '2030-01-01', '--output', 'x.db'],
    ['drill']
  ]
  for (const words of commands) {
    const { code, err } = await holdfast(words, cwd)
    assert.deepEqual(
      [code, err.startsWith('holdfast: no database is configured\nhint: Set DATABASE_PATH')],
      [2, true],
      `${words.join(' ')}: ${err}`
    )
  }
  assert.equal((await holdfast(['backup', 'holdfast'], cwd)).code, 0)
})
