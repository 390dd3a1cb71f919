import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setDetailsOf } from '../../../src/core/backup/members.ts'
import { partsOf } from '../../../src/core/backup/manifest.ts'
import { setScene } from '../../support/engine/set-engine.ts'
import { rejectsWith } from '../../support/rejects.ts'

test('a set is one backup with the parts of all members, databases first, and is verified and drilled as a whole', async t => {
  const { engine, deps, addPayload, create } = await setScene(t)
  addPayload('one.json')
  const backup = await create({ compression: 'zstd' })
  assert.deepEqual([backup.status, backup.verification.status, backup.source], ['completed', 'valid', 'elspeth'])
  const manifest = (await engine.manifest(backup.id))!
  assert.deepEqual(partsOf(manifest).map(({ name }) => name), [
    'main',
    'payloads/main',
    'payloads/files',
    'config/main',
    'config/files',
    'output/main',
    'output/files'
  ])
  assert.deepEqual(setDetailsOf(manifest)?.members.map(({ name, kind, parts }) => [name, kind, parts.main]), [
    ['audit', 'sqlite', 'main'],
    ['payloads', 'directory', 'payloads/main'],
    ['config', 'directory', 'config/main'],
    ['output', 'directory', 'output/main']
  ])
  const names = backup.verification.checks.map(({ name, status }) => `${name} ${status}`)
  for (const check of ['audit/integrity_check pass', 'payloads/contents pass', 'config/archive pass', 'members pass']) {
    assert.ok(names.includes(check), `${check}: ${names.join()}`)
  }
  const again = await (await engine.verify(backup.id)).result
  assert.equal(again.verification.valid, true)
  const drill = await (await engine.drill({ id: backup.id, actor: null })).result
  assert.deepEqual([drill.status, drill.errorMessage], ['passed', null])
  assert.deepEqual(readdirSync(deps.scratch.directory), [])
})

test('damage of one member is damage of the set', async t => {
  const { engine, create, addPayload, directory } = await withDirectory(t)
  addPayload('one.json')
  const backup = await create()
  const archive = backup.parts.find(({ name }) => name === 'payloads/main')!
  const path = join(directory, archive.fileName)
  const bytes = readFileSync(path)
  bytes[600] = bytes[600]! ^ 1
  rmSync(path)
  writeFileSync(path, bytes)
  const { verification } = await (await engine.verify(backup.id)).result
  assert.equal(verification.valid, false)
})

test('an increment of a set holds the changes of members that support it, and a full backup of the others', async t => {
  const { engine, create, addPayload, app } = await setScene(t)
  addPayload('one.json')
  const full = await create()
  addPayload('two.json', 'two')
  rmSync(join(app, 'output', 'report.csv'))
  const increment = await create({ method: 'incremental' })
  assert.deepEqual([increment.method, increment.parentId, increment.verification.status], [
    'incremental',
    full.id,
    'valid'
  ])
  const manifest = (await engine.manifest(increment.id))!
  const members = setDetailsOf(manifest)!.members
  assert.deepEqual(members.map(({ name, link }) => [name, link?.depth ?? null]), [
    ['audit', null],
    ['payloads', 1],
    ['config', 1],
    ['output', 1]
  ])
  const drill = await (await engine.drill({ id: increment.id, actor: null })).result
  assert.deepEqual([drill.status, drill.errorMessage], ['passed', null])
})

test('a set of which nothing is there is missing, and one of which a part is there is incomplete', async t => {
  const { app, create } = await setScene(t)
  rmSync(join(app, 'output'), { recursive: true })
  const error = await rejectsWith('SOURCE_INCOMPLETE', create())
  assert.match(error.message, /the member "output" of the set "elspeth"/)
  rmSync(app, { recursive: true })
  await rejectsWith('SOURCE_MISSING', create())
})

test('a failed backup of a set leaves nothing, and no member is held', async t => {
  const { app, create, directory, deps } = await withDirectory(t)
  writeFileSync(join(app, 'audit.db'), 'no database at all'.repeat(1000))
  for (const suffix of ['-wal', '-shm']) rmSync(join(app, `audit.db${suffix}`), { force: true })
  await assert.rejects(create())
  assert.deepEqual(readdirSync(directory).filter(name => name.startsWith('elspeth')), [])
  assert.deepEqual([...await deps.runner.locks.names()], [])
  assert.deepEqual(readdirSync(deps.scratch.directory), [])
})

test('a set holds its members: meanwhile none of them is restored or backed up', async t => {
  const { engine, create, deps } = await setScene(t)
  const lock = await deps.runner.locks.lock(['source:payloads'])
  await rejectsWith('BACKUP_IN_PROGRESS', create())
  await lock.release()
  assert.equal((await create({ verify: false })).status, 'completed')
  assert.equal((await engine.sources()).find(({ name }) => name === 'audit')?.policy.coveredBy, 'elspeth')
})

test('the hooks of a set run around those of its members', async t => {
  const { home, deps, create } = await setScene(t)
  const log = join(home, 'log')
  const hooks = (name: string) => ({
    before: [['sh', '-c', `echo before ${name} >> ${log}`]] as const,
    after: [['sh', '-c', `echo after ${name} >> ${log}`]] as const,
    timeout: 10_000
  })
  for (const name of ['elspeth', 'payloads', 'audit']) {
    Object.assign(deps.sources.get(name)!, { hooks: hooks(name) })
  }
  await create({ verify: false })
  assert.deepEqual(readFileSync(log, 'utf8').trim().split('\n'), [
    'before elspeth',
    'before payloads',
    'before audit',
    'after audit',
    'after payloads',
    'after elspeth'
  ])
})

async function withDirectory (t: Parameters<typeof setScene>[0]) {
  const scene = await setScene(t)
  return { ...scene, directory: join(scene.home, 'backups') }
}
