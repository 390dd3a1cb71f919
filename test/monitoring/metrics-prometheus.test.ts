import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { ALERT_RULE_NAMES } from '../../src/core/alert/alert.ts'
import { Metrics } from '../../src/monitoring/metrics.ts'
import { newCatalog } from '../support/catalog/catalog.ts'
import { needTool } from '../support/skip-without.ts'
import { tempDir } from '../support/temp-dir.ts'

const DOCKER = join(import.meta.dirname, '../../docker')
const PROMETHEUS = join(DOCKER, 'prometheus')
const RULE_TESTS = ['alerts.test.yml', 'alerts-days.test.yml']

interface Rule {
  readonly alert: string
  readonly expr: string
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly Rule[] }[]
}

interface RuleTests {
  readonly tests: readonly {
    readonly alert_rule_test: readonly { readonly alertname: string, readonly exp_alerts?: readonly object[] }[]
  }[]
}

interface Dashboard {
  readonly panels: readonly { readonly title: string, readonly targets: readonly { readonly expr: string }[] }[]
  readonly templating: { readonly list: readonly { readonly definition?: string }[] }
}

const rules = (parse(readFileSync(join(PROMETHEUS, 'alerts.yml'), 'utf8')) as Rules).groups.flatMap(group =>
  group.rules
)
const dashboard = JSON.parse(readFileSync(join(DOCKER, 'grafana/dashboards/holdfast.json'), 'utf8')) as Dashboard
const panels = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })))

/** Words of PromQL that stand where a metric could. */
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'on', 'ignoring', 'by', 'without'])
/** Prometheus makes it by itself. */
const OWN = new Set(['up'])

/**
 * Names of the metrics in an expression: what is left of its words without labels, ranges, groupings, functions and
 * numbers.
 */
function metricsIn (expr: string): string[] {
  const bare = expr
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, ' ')
  return [...bare.matchAll(/[a-z_][a-z0-9_]*(?!\w|\s*\()/gi)].map(([name]) => name).filter(name => !WORDS.has(name))
}

function promtool (...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: PROMETHEUS, encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
}

test('promtool finds nothing wrong with the rules and the configuration', t => {
  if (!needTool(t, 'promtool')) return
  promtool('check', 'rules', 'alerts.yml')
  promtool('check', 'config', 'prometheus.yml')
})

test('each rule fires when it should, and keeps quiet when it should', t => {
  if (!needTool(t, 'promtool')) return
  promtool('test', 'rules', ...RULE_TESTS)
})

test('no rule is without a case in which it fires and one in which it does not', () => {
  const cases = RULE_TESTS.flatMap(name => (parse(readFileSync(join(PROMETHEUS, name), 'utf8')) as RuleTests).tests)
    .flatMap(each => each.alert_rule_test)
  const tried = (fires: boolean): Set<string> =>
    new Set(cases.filter(each => ((each.exp_alerts ?? []).length > 0) === fires).map(each => each.alertname))
  const names = rules.map(({ alert }) => alert).toSorted()
  assert.deepEqual([...tried(true)].toSorted(), names)
  assert.deepEqual([...tried(false)].toSorted(), names)
})

test('the alerts of the guides are there under their names', () => {
  const names = rules.map(({ alert }) => alert)
  for (
    const name of ['BackupFailure', 'BackupTooOld', 'BackupVerificationFailed', 'S3UploadFailure', 'LowBackupCount']
  ) {
    assert.ok(names.includes(name), name)
  }
})

test('promtool can read every expression of the dashboard', t => {
  if (!needTool(t, 'promtool')) return
  const records = panels.map(({ expr }, index) => ({
    record: `panel_${index}`,
    expr: expr.replaceAll('$source', 'shop|blog')
  }))
  const path = join(tempDir(t), 'panels.yml')
  writeFileSync(path, JSON.stringify({ groups: [{ name: 'panels', rules: records }] }))
  promtool('check', 'rules', '--lint=none', path)
})

test('the dashboard shows what the guide asks for', () => {
  const titles = dashboard.panels.map(({ title }) => title)
  for (const title of ['Backup success rate', 'Backup age', 'Backup size trend', 'Backup duration', 'Alerts', 'Disk']) {
    assert.ok(titles.includes(title), title)
  }
})

test('every metric that a rule or the dashboard asks for is one that the service tells', async t => {
  const { catalog, clock } = await newCatalog(t)
  const metrics = new Metrics({
    catalog,
    sources: ['shop'],
    maxSources: 1000,
    monitoredSources: async () => [{ name: 'shop', freshSince: clock.now(), provenSince: clock.now() }],
    alerts: async () => [],
    prune: async () => ({ lastDone: null, freshSince: clock.now() }),
    store: { name: 'local', space: async () => ({ free: 1, total: 2 }) },
    destinations: ['far'],
    copies: async () => [],
    clock,
    build: { version: '1.2.3', node: 'v26.0.0', sqlite: '3.54.1' }
  })
  const told = new Set([...(await metrics.text()).matchAll(/^# TYPE (\S+) /gm)].map(match => match[1]))
  const variables = dashboard.templating.list.flatMap(({ definition }) =>
    /label_values\((\w+),/.exec(definition ?? '')?.[1] ?? []
  )
  const asked = [...rules, ...panels].flatMap(({ expr }) => metricsIn(expr))
  assert.ok(asked.length > 30)
  for (const name of [...asked, ...variables]) {
    assert.ok(told.has(name) || OWN.has(name), `"${name}" is not a metric of the service`)
  }
})

test('every rule of the service that an expression names is one', () => {
  const named = [...rules, ...panels].flatMap(({ expr }) =>
    [...expr.matchAll(/\brule="([^"]*)"/g)].map(match => match[1])
  )
  assert.ok(named.length > 0)
  for (const name of named) assert.ok(ALERT_RULE_NAMES.some(rule => rule === name), `there is no rule "${name}"`)
})
