import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { reportAsText } from '../../../src/cli/config-report.ts'
import { NO_HOOKS } from '../../../src/core/hooks.ts'
import { holdfast } from '../../support/processes/holdfast.ts'
import { workDir } from '../../support/config/config.ts'

const SECRET = 'a secret that is long enough to be one'

test('config check shows what is in force and where it comes from, with secrets masked', async t => {
  const cwd = workDir(t, { 'holdfast.yaml': 'port: 4000\nsources:\n  shop: { path: shop.db, maxBackups: 3 }\n' })
  const { code, out, err } = await holdfast(['config', 'check'], cwd, { JWT_SECRET: SECRET, MAX_BACKUPS: '7' })
  assert.deepEqual([code, err], [0, ''])
  assert.match(out, /^MAX_BACKUPS +7 {2}\[environment\]$/m)
  assert.match(out, /^PORT +4000 {2}\[file\]$/m)
  assert.match(out, /^JWT_SECRET +\[redacted\] {2}\[environment\]$/m)
  assert.match(out, /^LOG_LEVEL +info {2}\[default\]$/m)
  assert.ok(
    out.includes(
      `source shop (sqlite), the default: ${
        join(cwd, 'shop.db')
      }\n  schedule: every day (turned off)\n  retention: at most 3\n  compression: none; verified after each backup\n`
    )
  )
  assert.match(out, /^source holdfast .*\n.*\n {2}retention: at most 7$/m)
  assert.doesNotMatch(out, /long enough/)
})

test('config check --json says the same for programs', async t => {
  const cwd = workDir(t)
  const { code, out } = await holdfast(['config', 'check', '--json'], cwd, { METRICS_TOKEN: SECRET })
  const report = JSON.parse(out)
  assert.deepEqual([code, report.ok, report.file, report.defaultSource], [0, true, null, 'holdfast'])
  assert.deepEqual(report.config.find((entry: { key: string }) => entry.key === 'metricsToken'), {
    key: 'metricsToken',
    variable: 'METRICS_TOKEN',
    value: '[redacted]',
    origin: 'environment'
  })
  assert.deepEqual(report.sources, [{
    name: 'holdfast',
    kind: 'sqlite',
    path: join(cwd, 'data/holdfast.db'),
    busyTimeoutMs: 5000,
    policy: { drillSchedule: '0 6 * * 0' },
    sealing: { encryption: 'none', ageRecipients: [] },
    assertions: [],
    hooks: NO_HOOKS
  }])
})

test('config check shows what was said and has no effect, and the configuration is valid all the same', async t => {
  const cwd = workDir(t)
  const { code, out } = await holdfast(['config', 'check'], cwd, { BACKUP_DRI: '/srv' })
  assert.equal(code, 0)
  assert.match(
    out,
    /^the configuration is valid\n! BACKUP_DRI is unknown and has no effect\n {4}Did you mean BACKUP_DIR\?\n/
  )
  const { notices } = JSON.parse((await holdfast(['config', 'check', '--json'], cwd, { MAX_BACKUP: '5' })).out)
  assert.deepEqual(notices, [{
    name: 'MAX_BACKUP',
    problem: 'is unknown and has no effect',
    remedy: 'Did you mean MAX_BACKUPS?'
  }])
})

test('config check ends with 2 and every problem when there are any', async t => {
  const { code, out } = await holdfast(['config', 'check'], workDir(t), { PORT: 'x', JWT_SECRET: 'hunter2' })
  assert.equal(code, 2)
  assert.match(out, /2 problems[^]*PORT[^]*JWT_SECRET/)
  assert.doesNotMatch(out, /hunter2/)
})

test('config check --json lists the problems', async t => {
  const { code, out } = await holdfast(['config', 'check', '--json'], workDir(t), { PORT: 'x' })
  assert.equal(code, 2)
  assert.deepEqual(JSON.parse(out), {
    ok: false,
    problems: [{
      name: 'PORT',
      problem: '"x" is not a whole number from 0 to 65535',
      remedy: 'Give a whole number from 0 to 65535, or remove the setting.'
    }]
  })
})

test('config check makes nothing', async t => {
  const cwd = workDir(t)
  await holdfast(['config', 'check'], cwd)
  assert.deepEqual(readdirSync(cwd), [])
})

test('commands in remedies are those that the user types', () => {
  const problem = {
    name: 'BACKUP_AGE_RECIPIENTS',
    problem: 'is missing',
    remedy: 'Create a key with "holdfast key new".'
  }
  const report = {
    ok: false,
    problems: [problem],
    text: `${problem.name}: ${problem.problem}. ${problem.remedy}`
  } as const
  assert.match(
    reportAsText(report, { width: 200, command: 'npm run -s holdfast --' }),
    /Create a key with "npm run -s holdfast -- key new"/
  )
})
