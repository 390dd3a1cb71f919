import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import Database from 'better-sqlite3'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { doctorCommand, type DoctorDeps } from '../../../src/cli/commands/doctor.ts'
import { examine } from '../../../src/cli/doctor/examine.ts'
import { diagnosisSchema } from '../../../src/cli/doctor/finding.ts'
import { examineSecrets } from '../../../src/cli/doctor/secrets.ts'
import { screenOn } from '../../../src/cli/screen.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { INSTANCE_MARKER } from '../../../src/core/instance.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { assertComplaints, complaintsIn, examined, HERE, pathOf, shopAt } from '../../support/cli/doctor.ts'
import { needRoot } from '../../support/skip-without.ts'
import { testSigning } from '../../support/engine/signing.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('of a service in order only what is always so is said', async t => {
  const { create, complaints } = await examined(t)
  await create()
  const found = await complaints()
  assertComplaints(found, [])
  for (const always of HERE) assert.ok(found.some(complaint => always.test(complaint)), String(always))
})

test('each warning and each failure says what to do, and nothing else does', async t => {
  const { subject: context } = await examined(t)
  const findings = await examine({
    ...context,
    sources: [shopAt('/nowhere/shop.db')],
    findServer: () => undefined
  }, undefined)
  assert.ok(findings.some(({ status }) => status === 'fail'))
  for (const { status, remedy } of findings) assert.equal(remedy !== undefined, status === 'warn' || status === 'fail')
})

test('what the catalog would tell is skipped where it cannot be read, and the rest is looked at', async t => {
  const { complaints } = await examined(t)
  const found = await complaints({}, null)
  assert.deepEqual(
    found.filter(complaint => complaint.includes('no readable catalog')).map(complaint => complaint.split(':')[0]),
    [
      'skipped clock',
      'skipped tokens',
      'skipped encryption',
      'skipped signature',
      'skipped off-site copy',
      'skipped store',
      'skipped schedule',
      'skipped trash'
    ]
  )
})

test('an examination that breaks is a finding, and the others go on', async t => {
  const { create, complaints, faults } = await examined(t)
  await create()
  faults.fail('backups.existing', { error: new BackupError('CATALOG_BUSY', 'another process holds it') })
  assertComplaints(await complaints(), [/^fail schedule: the check failed: another process holds it/])
})

test('a store that is reached without encryption is warned of, with or without the catalog', async t => {
  const { create, complaints } = await examined(t)
  await create()
  const change = { insecureStores: ['nas'] }
  assertComplaints(await complaints(change), [
    /^warn store nas: its endpoint uses http: over the network/
  ])
  assert.ok((await complaints(change, null)).some(text => text.startsWith('warn store nas: ')))
})

test('a landing store that is not the one that the catalog means fails', async t => {
  const { complaints, directory, create } = await examined(t, { instance: 'one' })
  await create()
  const found = async (): Promise<string[]> => (await complaints()).filter(line => /"local"/.test(line))
  assert.deepEqual(await found(), [])
  const marker = join(directory, INSTANCE_MARKER)
  writeFileSync(marker, JSON.stringify({ ...JSON.parse(readFileSync(marker, 'utf8')) as object, store: 'another' }))
  const [line, ...others] = await found()
  assert.match(line ?? '', /^fail store local: .* is a different store from the one with a backup of the catalog/)
  assert.deepEqual(others, [])
})

test('without a server nobody makes the backups that are to be made', async t => {
  const { create, complaints } = await examined(t)
  await create()
  assertComplaints(await complaints({ findServer: () => undefined }), [/^warn server: no server is running/])
})

test('entries from the future say that the clock is wrong, or was', async t => {
  const { create, complaints, clock } = await examined(t)
  await create()
  clock.move(-7_200_000)
  assertComplaints(await complaints(), [/^fail clock: the catalog has entries from the future, up to 2 h ahead/])
})

for (const [answer, pattern] of [['yes', undefined], ['no', /^warn clock: the clock is not synchronized/]] as const) {
  test(`the system says "${answer}" when asked whether the clock is kept right`, async t => {
    const { create, complaints } = await examined(t)
    await create()
    const timeCommand = join(tempDir(t), 'time')
    writeFileSync(timeCommand, `#!/bin/sh\necho ${answer}\n`, { mode: 0o755 })
    const found = await complaints({ timeCommand })
    assertComplaints(found, pattern === undefined ? [] : [pattern])
    assert.ok(!found.some(complaint => complaint.startsWith('skipped')))
  })
}

test('where no command tells of the clock that is skipped, and says so', async t => {
  const { complaints } = await examined(t)
  assert.ok(
    (await complaints({ timeCommand: 'no-such-command' })).includes(
      'skipped clock: "no-such-command" is not available, so clock synchronization was not checked'
    )
  )
})

test('too little space for one more backup fails', async t => {
  const { create, complaints } = await examined(t)
  await create()
  assertComplaints(await complaints({ diskReserve: 1e18 }), [/^fail space: .* on the disk of BACKUP_DIR/])
})

test('versions that are too old fail', async t => {
  const { create, complaints } = await examined(t)
  await create()
  assertComplaints(await complaints({ versions: { holdfast: '1.2.3', node: '22.30.1', sqlite: '3.51.2' } }), [
    /^fail versions: Node.js 22.30.1 is older than 24/,
    /^fail versions: SQLite 3.51.2 is older than 3.51.3/
  ])
})

test('a database in rollback-journal mode, and a WAL that was never brought in, are said', async t => {
  const { create, complaints, subject: context } = await examined(t)
  await create()
  const path = pathOf(context)
  writeFileSync(`${path}-wal`, '')
  truncateSync(`${path}-wal`, 80_000_000)
  assertComplaints(await complaints(), [/^warn database: the WAL has grown to 80.0 MB for a database of/])
  rmSync(`${path}-wal`)
  const db = new Database(path)
  db.pragma('journal_mode = DELETE')
  db.close()
  assertComplaints(await complaints(), [/^warn database: .* in rollback-journal mode/])
})

test('the WAL of a database that is reached through a link is looked for beside the real file', async t => {
  const { create, subject: context, complaints } = await examined(t)
  await create()
  const path = pathOf(context)
  const link = join(tempDir(t), 'link.db')
  symlinkSync(path, link)
  writeFileSync(`${path}-wal`, '')
  truncateSync(`${path}-wal`, 65 * 1024 * 1024)
  assertComplaints(await complaints({ sources: [shopAt(link)] }), [
    /^warn database: the WAL has grown to 68/
  ])
})

test('a database that is missing, is none, or is empty is said', async t => {
  const { create, complaints } = await examined(t)
  await create()
  const directory = tempDir(t)
  const path = join(directory, 'other.db')
  const at = (): Promise<string[]> => complaints({ sources: [shopAt(path)] })
  assertComplaints((await at()).filter(one => !one.startsWith('skipped disk')), [
    /^fail rights: the database ".*other.db" does not exist/,
    /^skipped database/
  ])
  writeFileSync(path, '')
  assertComplaints(await at(), [/^warn database: ".*other.db" has zero bytes/])
  writeFileSync(path, 'a'.repeat(5000))
  assertComplaints(await at(), [/^fail database: ".*other.db" is not a SQLite database/])
})

test('backups in the folder of their database are worth a word of their own', async t => {
  const { create, complaints, subject: context } = await examined(t)
  await create()
  const directory = tempDir(t)
  const path = join(directory, 'shop.db')
  spawnSync('cp', [pathOf(context), path])
  mkdirSync(join(directory, 'backups'))
  assert.ok(
    (await complaints({ sources: [shopAt(path)], backupDir: join(directory, 'backups') })).includes(
      'warn disk: the backups are next to the database, on the same disk: a failure of the disk destroys both'
    )
  )
})

test('backups on another disk are in order', async t => {
  if (!needRoot(t)) return
  const { create, subject: context, memory: snapshot } = await examined(t)
  await create()
  // Before the directory's own removal, and hooks run in this order.
  let backupDir = ''
  t.after(() => {
    spawnSync('umount', [backupDir])
  })
  backupDir = tempDir(t)
  if (spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', backupDir]).status !== 0) {
    t.skip('a tmpfs cannot be mounted here')
    return
  }
  const findings = await examine({ ...context, backupDir }, snapshot)
  assert.equal(
    findings.find(({ check }) => check === 'disk')?.message,
    'the backups and their database are on different disks'
  )
})

test('what is overdue in the trash, and what is kept in quarantine, is said', async t => {
  const { create, complaints, clock, engine, deps } = await examined(t)
  await create()
  await create()
  const { id, key } = await deps.catalog.backups.start({
    source: 'shop',
    type: 'manual',
    method: 'full',
    schedule: null,
    key: 'shop-bad.db',
    filePath: '/shop-bad.db',
    description: null,
    compression: 'none',
    encryption: 'none',
    startedAt: clock.now(),
    parts: []
  })
  await deps.catalog.backups.fail(id, {
    code: 'VERIFICATION_FAILED',
    message: 'bad',
    failedAt: clock.now(),
    kept: { key: `quarantine/${key}`, filePath: '/quarantine/shop-bad.db', size: 1 }
  })
  clock.move(1000)
  await create()
  await (await engine.remove(1, { force: false })).result
  const quarantined = /^warn quarantine: "\/quarantine\/shop-bad.db" did not pass its verification/
  assertComplaints(await complaints(), [quarantined])
  clock.move(26 * 3_600_000)
  await create()
  assertComplaints(await complaints(), [/^warn trash: backups in the trash past their grace period: 1/, quarantined])
})

test('what a restore has replaced is named with its size until it is removed', async t => {
  const { create, complaints, deps } = await examined(t)
  const { id: backupId } = await create()
  const aside = join(tempDir(t), 'files.before-1a2b3c4d')
  mkdirSync(join(aside, 'deep'), { recursive: true })
  writeFileSync(join(aside, 'deep/file'), Buffer.alloc(3_000_000, 1))
  const startedAt = new Date('2025-11-24T10:00:00Z')
  const { id } = await deps.catalog.restores.start({
    kind: 'restore',
    backupId,
    source: 'shop',
    target: '/srv/files',
    mode: 'replace',
    aside,
    actor: null,
    startedAt
  })
  await deps.catalog.restores.complete(id, { bytes: 1, restoreTime: 1, aside, warnings: [], at: startedAt })
  assertComplaints(await complaints(), [
    /^warn replaced: ".*files.before-1a2b3c4d", replaced by a restore on 2025-11-24, takes 3(\.\d)? MB/
  ])
  rmSync(aside, { recursive: true })
  assertComplaints(await complaints(), [])
})

test('what ended processes and damaged catalogs left behind is said', async t => {
  const { create, complaints, subject: context } = await examined(t)
  await create()
  mkdirSync(join(context.scratchDir, '999999999-0a1b2c3d'), { recursive: true })
  mkdirSync(join(context.scratchDir, `${process.pid}-0a1b2c3d`))
  writeFileSync(join(context.dataDir, 'holdfast.db.corrupt-2025-11-24T23-30-00'), '')
  writeFileSync(join(context.dataDir, 'holdfast.db.corrupt-2025-11-24T23-30-00-wal'), '')
  assertComplaints(await complaints(), [
    /^warn catalog: a damaged catalog was kept as/,
    /^warn scratch: "scratch" holds temporary files of 1 ended processes/
  ])
})

test('secrets that others can read fail, unless a folder above keeps them away', async t => {
  const { subject: context } = await examined(t)
  const directory = tempDir(t)
  chmodSync(directory, 0o755)
  const path = join(directory, '.env')
  writeFileSync(path, 'JWT_SECRET=…')
  const look = async (mode: number): Promise<string[]> => {
    chmodSync(path, mode)
    return complaintsIn(await examineSecrets({ ...context, secretFiles: [{ path, holds: ['JWT_SECRET'] }] }, undefined))
  }
  assert.deepEqual(await look(0o600), [])
  assert.deepEqual(await look(0o644), [
    `fail secrets: "${path}", which holds JWT_SECRET, can be read by every user of this machine`
  ])
  assert.match((await look(0o640))[0] ?? '', /^warn secrets: .* can be read by group \d+$/)
  chmodSync(directory, 0o700)
  assert.deepEqual(await look(0o644), [])
})

test('a secret that belongs to somebody else is said', async t => {
  if (!needRoot(t)) return
  const { subject: context } = await examined(t)
  const path = join(tempDir(t), 'key')
  writeFileSync(path, 'secret', { mode: 0o600 })
  chownSync(path, 65_534, 65_534)
  assert.deepEqual(
    complaintsIn(await examineSecrets({ ...context, secretFiles: [{ path, holds: ['JWT_SECRET'] }] }, undefined)),
    [`warn secrets: "${path}", which holds JWT_SECRET, belongs to user 65534, who can read and change it`]
  )
})

async function run (
  deps: Pick<DoctorDeps, 'doctorContext' | 'openSnapshot'>,
  ...words: string[]
): Promise<{ code: number, out: string }> {
  let [code, out] = [0, '']
  const write = (text: string): void => {
    out += text
  }
  const stream = { write }
  await doctorCommand({
    ...deps,
    screen: () => screenOn(stream, {}, new FakeClock()),
    output: { out: stream, err: stream },
    exit: given => {
      code = given
    }
  }).parseAsync(words, { from: 'user' })
  return { code, out }
}

test('doctor ends with 0 when nothing fails, with 3 when something does, and --json says the same', async t => {
  const { create, subject: context, memory: snapshot, clock } = await examined(t)
  await create()
  const deps = {
    doctorContext: async () => context,
    openSnapshot: async () => ({ ...snapshot, close: async () => {} })
  }
  assert.equal((await run(deps)).code, 0)
  const { ok, findings } = diagnosisSchema.parse(JSON.parse((await run(deps, '--json')).out))
  assert.deepEqual([ok, findings[0]?.check], [true, 'configuration'])
  clock.move(86_400_000)
  const { code, out } = await run(deps)
  assert.equal(code, 3)
  assert.match(out, /\n✗ newest verified backup of shop: .*\n {4}Make a backup now.*\n/)
  assert.match(out, /\n1 problem, \d warnings?\.\n$/)
  assert.equal(diagnosisSchema.parse(JSON.parse((await run(deps, '--json')).out)).ok, false)
})

test('a configuration that is not valid ends with 2, and each problem is a finding', async () => {
  const deps = {
    doctorContext: () => [{ name: 'PORT', problem: '"x" is not a port', remedy: 'Give one.' }],
    openSnapshot: () => assert.fail('nothing else is looked at')
  }
  const { code, out } = await run(deps, '--json')
  assert.deepEqual([code, JSON.parse(out)], [2, {
    ok: false,
    findings: [{ check: 'configuration', status: 'fail', message: 'PORT: "x" is not a port', remedy: 'Give one.' }]
  }])
})

test('a setting without an effect is a warning with what to do', async t => {
  const { subject: context, memory: snapshot } = await examined(t)
  const findings = await examine({
    ...context,
    notices: [{
      name: 'BACKUP_DRI',
      problem: 'is unknown and has no effect',
      remedy: 'Did you mean BACKUP_DIR?'
    }]
  }, snapshot)
  assert.deepEqual(findings.filter(({ check }) => check === 'configuration'), [{
    check: 'configuration',
    status: 'warn',
    message: 'BACKUP_DRI is unknown and has no effect',
    remedy: 'Did you mean BACKUP_DIR?'
  }])
})

test('without a database to protect that is the first thing to say', async t => {
  const { complaints } = await examined(t)
  assert.ok(
    (await complaints({ sources: [] })).includes(
      'warn sources: no database is configured: the service protects only its own catalog'
    )
  )
})

test('a catalog that cannot be opened is a finding, and one that is not there yet no failure', async t => {
  const { subject: context } = await examined(t)
  const damaged = await run({
    doctorContext: async () => context,
    openSnapshot: () => Promise.reject(new BackupError('CATALOG_CORRUPT', 'the catalog is damaged'))
  })
  assert.match(damaged.out, /^✗ catalog: the catalog is damaged$/m)
  assert.equal(damaged.code, 3)
  const fresh = await run({ doctorContext: async () => context, openSnapshot: async () => undefined })
  assert.match(fresh.out, /^! catalog: there is no catalog yet$/m)
})

test('the key that signs manifests is shown, and how many of the newest backups are refused or of an unknown key', async t => {
  const first = await examined(t)
  await first.create()
  const own = (await examine(first.subject, first.memory)).filter(({ check }) => check === 'signature')
  assert.match(
    own.map(({ status, message }) => `${status} ${message}`).join(),
    new RegExp(
      `^ok manifests are signed with "${first.deps.signing.keys.publicKey ?? ''}" \\(key [0-9a-f]{16}\\): keep it`
    )
  )

  const trusted = first.deps.signing.keys.publicKey ?? ''
  for (
    const [given, complaint] of [
      [{}, /^warn signature: of the newest 1 backup, 1 is signed by an unknown key/],
      [{ isRequired: true }, undefined],
      [{ trusted: [trusted], isRequired: true }, undefined]
    ] as const
  ) {
    const signing = testSigning(given)
    const second = await examined(t, { directory: first.directory, signing })
    await (await second.engine.rebuild()).result
    const found = (await second.complaints()).filter(text => text.includes(' signature: '))
    if (complaint === undefined) assert.deepEqual(found, [])
    else assertComplaints(found, [complaint])
  }

  const options = { isRequired: false }
  const late = await examined(t, { directory: first.directory, signing: testSigning(options) })
  await (await late.engine.rebuild()).result
  options.isRequired = true
  const only = await late.complaints()
  assert.match(only.join('\n'), /fail signature: of the newest 1 backup, none is signed by a trusted key/)
  await late.create()
  assert.match(
    (await late.complaints()).join('\n'),
    /warn signature: of the newest 2 backups, 1 is not signed by a trusted key, and cannot be restored/
  )
})
