import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { directoryInspector } from '../../../src/sources/directory/inspect.ts'
import { directoryRehearser } from '../../../src/sources/directory/rehearse.ts'
import { backedUp, incrementOn, listOfTar, storedDirectory, tarOf } from '../../support/sources/directory-backup.ts'
import { deepTempDir, makeOddTree } from '../../support/sources/odd-tree.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

function tree (t: TestContext): string {
  const directory = tempDir(t)
  mkdirSync(join(directory, 'sub'))
  writeFileSync(join(directory, 'sub/one'), 'one')
  writeFileSync(join(directory, 'two'), 'two')
  return directory
}

test('a drill extracts the whole tree into scratch space, reads it from there, and removes it', async t => {
  const scratch = deepTempDir(t)
  const odd = deepTempDir(t)
  makeOddTree(odd)
  const backup = backedUp(t, odd)
  const rehearser = directoryRehearser(scratch)
  assert.equal(rehearser.space([backup.manifest]) > backup.manifest.image.size, true)
  const rehearsal = await rehearser.rehearse({ links: [backup] }, never)
  const [drill = ''] = readdirSync(scratch)
  assert.equal(readFileSync(join(scratch, drill, 'a-b'), 'utf8'), 'sorts after the content of a')
  const checks = await rehearsal.checks(never)
  assert.deepEqual(
    checks.map(({ name, status }) => [name, status]),
    directoryInspector().checks.map(({ name }) => [name, 'pass'])
  )
  assert.deepEqual(await rehearsal.assess([], new Date(), never), [])
  await rehearsal.close()
  await rehearsal.close()
  assert.deepEqual(readdirSync(scratch), [])
})

test('a drill of an increment extracts the chain', async t => {
  const [scratch, directory] = [tempDir(t), tree(t)]
  const full = backedUp(t, directory)
  writeFileSync(join(directory, 'two'), 'changed')
  const increment = incrementOn(t, full.entries, directory)
  const rehearsal = await directoryRehearser(scratch).rehearse({ links: [full, increment] }, never)
  const [drill = ''] = readdirSync(scratch)
  assert.deepEqual(['sub/one', 'two'].map(name => readFileSync(join(scratch, drill, name), 'utf8')), ['one', 'changed'])
  assert.ok((await rehearsal.checks(never)).every(({ status }) => status === 'pass'))
  await rehearsal.close()
})

test('damage is a check that failed, and leaves nothing in scratch space once it is closed', async t => {
  const [scratch, directory] = [tempDir(t), tree(t)]
  const tar = tarOf(directory)
  const entries = listOfTar(tar)
  const damaged = Buffer.from(tar)
  damaged[entries.find(({ path }) => path.toString() === 'two')?.offset ?? 0] = 0
  const backup = storedDirectory(t, { tar: damaged, entries })
  const rehearsal = await directoryRehearser(scratch).rehearse({ links: [backup] }, never)
  const [check] = await rehearsal.checks(never)
  assert.deepEqual([check?.name, check?.status], ['archive', 'fail'])
  assert.match(check?.reason ?? '', /"two" is not what was backed up/)
  await rehearsal.close()
  assert.deepEqual(readdirSync(scratch), [])
})

test('totals that are not those of the facts fail', async t => {
  const directory = tree(t)
  const tar = tarOf(directory)
  const backup = storedDirectory(t, { tar, entries: listOfTar(tar) }, { directories: 9 })
  const rehearsal = await directoryRehearser(tempDir(t)).rehearse({ links: [backup] }, never)
  const checks = await rehearsal.checks(never)
  await rehearsal.close()
  assert.deepEqual(checks.filter(({ status }) => status === 'fail').map(({ name }) => name), ['counts'])
})
