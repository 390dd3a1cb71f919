import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { startWarnings } from '../../src/config/start-warnings.ts'
import { validConfig, workDir } from '../support/config/config.ts'

function told (
  t: TestContext,
  environment: Record<string, string>,
  { missing = [] as readonly string[], yaml = '' } = {}
): string[] {
  const config = validConfig(environment, workDir(t, yaml === '' ? {} : { 'holdfast.yaml': yaml }))
  return startWarnings(config, { settings: config.settings, origins: config.origins }, new Set(missing)).map(
    ({ facts, message }) => `${JSON.stringify(facts)} ${message}`
  )
}

test('a service that backs up a database that is there has nothing to warn of', t => {
  assert.deepEqual(told(t, { DATABASE_PATH: 'shop.db', AUTO_BACKUP_ENABLED: 'true' }), [])
})

test('automatic backups that are off are told of unless somebody said so', t => {
  const [only, ...others] = told(t, { DATABASE_PATH: 'shop.db' })
  assert.match(only!, /^\{"sources":\["shop"\]\} automatic backups are off/)
  assert.deepEqual(others, [])
  assert.deepEqual(told(t, { DATABASE_PATH: 'shop.db', AUTO_BACKUP_ENABLED: 'false' }), [])
  assert.deepEqual(told(t, {}, { yaml: 'sources: [{ name: shop, path: shop.db, enabled: false }]' }), [])
})

test('a database that is not there, no database, and settings without an effect are told of', t => {
  assert.match(
    told(t, { DATABASE_PATH: 'shop.db', BACKUP_ENABLED: 'true' }, { missing: ['shop'] }).join(),
    /^\{"sources":\["shop"\]\} the database does not exist/
  )
  assert.match(told(t, {}).join(), /^\{\} no database is configured/)
  assert.deepEqual(told(t, { DATABASE_PATH: 'shop.db', AUTO_BACKUP_ENABLED: 'true', BACKUP_DRI: 'x' }), [
    '{"setting":"BACKUP_DRI"} BACKUP_DRI is unknown and has no effect: Did you mean BACKUP_DIR?'
  ])
})
