import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_HOOKS } from '../../../src/core/hooks.ts'
import { configShowCommand, type ConfigShowDeps } from '../../../src/cli/commands/config-show.ts'
import type { ConfigInForce } from '../../../src/cli/config-report.ts'
import { screenOn } from '../../../src/cli/screen.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { DEFAULTS, SETTINGS } from '../../support/engine/engine.ts'

const REPORT: ConfigInForce = {
  ok: true,
  file: undefined,
  inForce: [
    { key: 'maxBackups', variable: 'MAX_BACKUPS', value: 10, origin: 'environment' },
    { key: 'port', variable: 'PORT', value: 3000, origin: 'default' }
  ],
  settings: SETTINGS,
  sources: [{ name: 'shop', kind: 'sqlite', place: '/srv/shop.db', policy: {}, assertions: [], hooks: NO_HOOKS }],
  defaultSource: 'shop',
  stores: [],
  notices: []
}

async function run (
  deps: Partial<ConfigShowDeps>,
  ...words: string[]
): Promise<{ code: number, out: string, err: string }> {
  const told = { code: -1, out: '', err: '' }
  const output = {
    out: {
      write: (text: string) => {
        told.out += text
      }
    },
    err: {
      write: (text: string) => {
        told.err += text
      }
    }
  }
  const exit = (code: number): void => {
    told.code = code
  }
  await configShowCommand({
    check: () => REPORT,
    settings: async () => undefined,
    screen: () => screenOn(output.out, {}, new FakeClock()),
    output,
    exit,
    ...deps
  }).parseAsync(words, { from: 'user' })
  return told
}

const changed: Partial<ConfigShowDeps> = {
  settings: async () => ({ settings: { ...SETTINGS, maxBackups: 4 }, origins: { ...DEFAULTS, maxBackups: 'api' } })
}

test('what was changed through the API is in force, and says so', async () => {
  const { code, out } = await run(changed)
  assert.equal(code, 0)
  assert.match(out, /^MAX_BACKUPS {2}4 {2}\[api\]$/m)
  assert.match(out, /^PORT {9}3000 {2}\[default\]$/m)
  assert.match(out, /^source shop .*\n {2}schedule: every hour\n {2}retention: at most 4\n/m)
})

test('--json says the same for programs', async () => {
  const { out } = await run(changed, '--json')
  assert.deepEqual(JSON.parse(out).config[0], { key: 'maxBackups', variable: 'MAX_BACKUPS', value: 4, origin: 'api' })
})

test('without a catalog it is what was configured', async () => {
  const { out, err } = await run({})
  assert.match(out, /^MAX_BACKUPS {2}10 {2}\[environment\]$/m)
  assert.equal(err, '')
})

test('where the catalog cannot be read the configured values are shown, and why they may not be those in force', async () => {
  const { code, out, err } = await run({
    settings: () => Promise.reject(new BackupError('CATALOG_CORRUPT', 'the catalog is damaged'))
  })
  assert.match(out, /^MAX_BACKUPS {2}10 {2}\[environment\]$/m)
  assert.deepEqual([code, err], [
    0,
    'holdfast: changes made through the API are not shown: the catalog is damaged\n'
  ])
})

test('a configuration that is not valid is reported, and the catalog left alone', async () => {
  const { code, out } = await run({
    check: () => ({ ok: false, problems: [], text: 'there is 1 problem' }),
    settings: () => assert.fail('nothing is opened')
  })
  assert.deepEqual([code, out], [2, 'there is 1 problem\n'])
})

test('stores are shown with what stays there, and each source with the stores that it goes to', async () => {
  const common = { retention: null, maxBackups: null, isAppendOnly: false, bandwidth: null }
  const stores = [
    { ...common, name: 'offsite', kind: 's3', place: 's3://bucket/a/', maxBackups: 5, bandwidth: 5_000_000 },
    { ...common, name: 'disk', kind: 'local', place: '/mnt/disk' },
    { ...common, name: 'vault', kind: 'gcs', place: 'gs://vault/', isAppendOnly: true }
  ]
  const { out } = await run({ check: () => ({ ...REPORT, stores }) })
  assert.match(out, /^ {2}copies: to offsite, disk and vault\n/m)
  assert.match(
    out,
    /^store offsite \(s3\): s3:\/\/bucket\/a\/\n {2}retention: at most 5\n {2}at most 5\.0 MB per second\n/m
  )
  assert.match(out, /^store disk \(local\): \/mnt\/disk\n {2}retention: like the backups in BACKUP_DIR\n/m)
  assert.match(
    out,
    /^store vault \(gcs\): gs:\/\/vault\/\n {2}retention: as long as the store keeps them; Holdfast removes nothing there/m
  )
})
