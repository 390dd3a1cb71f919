import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { INSTANCE_FILE, keptInstanceId } from '../../src/catalog/kept-instance.ts'
import { newCatalog } from '../support/catalog/catalog.ts'
import { tempDir } from '../support/temp-dir.ts'

test('the id of the catalog is kept in a file that only the service reads', async t => {
  const [home, { catalog }] = [tempDir(t), await newCatalog(t)]
  const id = await keptInstanceId(home, catalog.settings)
  assert.equal(readFileSync(join(home, INSTANCE_FILE), 'utf8'), `${id}\n`)
  assert.equal(statSync(join(home, INSTANCE_FILE)).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(home), [INSTANCE_FILE])
})

test('a new catalog takes the id that was kept, so that the installation still owns its stores', async t => {
  const home = tempDir(t)
  const id = await keptInstanceId(home, (await newCatalog(t)).catalog.settings)
  assert.equal(await keptInstanceId(home, (await newCatalog(t)).catalog.settings), id)
})

test('the file follows a catalog that has another id, and a file that holds no id is written anew', async t => {
  const [home, { catalog }] = [tempDir(t), await newCatalog(t)]
  const id = await keptInstanceId(home, catalog.settings)
  for (const text of ['0'.repeat(id.length), 'no id']) {
    writeFileSync(join(home, INSTANCE_FILE), text)
    assert.equal(await keptInstanceId(home, catalog.settings), id)
    assert.equal(readFileSync(join(home, INSTANCE_FILE), 'utf8').trim(), id)
  }
})

test('where the file cannot be written the catalog alone has the id', async t => {
  const [home, { catalog }] = [join(tempDir(t), 'missing'), await newCatalog(t)]
  const id = await keptInstanceId(home, catalog.settings)
  assert.equal(await catalog.settings.instanceId(undefined), id)
  assert.equal(existsSync(home), false)
})
