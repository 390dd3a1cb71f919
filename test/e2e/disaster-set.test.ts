import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { makeMoney, readMoney, TOTAL } from '../support/databases/money.ts'
import { holdfast } from '../support/processes/holdfast.ts'
import { needRadosgw } from '../support/stores/radosgw.ts'
import { s3Place } from '../support/stores/s3.ts'
import { tempDir } from '../support/temp-dir.ts'

/** The layout of the Elspeth runbook. */
const CONFIG = `\
sources:
  audit: { kind: sqlite, path: runs/audit.db }
  payloads: { kind: directory, path: .elspeth/payloads }
  config: { kind: directory, path: pipeline.yaml }
  output: { kind: directory, path: output }
sets:
  elspeth:
    members: [audit, payloads, config, output]
    references: { sql: SELECT payload FROM call, directory: payloads }
`

function makeElspeth (home: string): void {
  for (const name of ['runs', '.elspeth/payloads/2026', 'output']) mkdirSync(join(home, name), { recursive: true })
  makeMoney(join(home, 'runs/audit.db'), { entries: 2000 })
  const db = new Database(join(home, 'runs/audit.db'))
  db.exec("CREATE TABLE call (payload TEXT); INSERT INTO call VALUES ('2026/one.json'), ('2026/two.json')")
  db.close()
  for (const name of ['one', 'two']) writeFileSync(join(home, `.elspeth/payloads/2026/${name}.json`), name)
  writeFileSync(join(home, 'pipeline.yaml'), 'steps: []\n')
  writeFileSync(join(home, 'output/report.csv'), 'a,b\n')
  writeFileSync(join(home, 'holdfast.yaml'), CONFIG)
}

/** Where the members are below a directory, and what they must have. */
function assertElspeth (audit: string, payloads: string, config: string, output: string): void {
  assert.deepEqual(readMoney(audit), { sum: TOTAL, integrity: 'ok' })
  const db = new Database(audit, { readonly: true })
  const named = db.prepare<[], string>('SELECT payload FROM call ORDER BY payload').pluck().all()
  db.close()
  assert.deepEqual(named, ['2026/one.json', '2026/two.json'])
  for (const name of named) assert.ok(existsSync(join(payloads, name)), name)
  assert.equal(readFileSync(config, 'utf8'), 'steps: []\n')
  assert.equal(readFileSync(join(output, 'report.csv'), 'utf8'), 'a,b\n')
}

test('the machine is gone: one bucket gives back database, payloads, configuration and outputs', {
  timeout: 120_000
}, async t => {
  if (!needRadosgw(t)) return
  const { server: { endpoint, accessKeyId, secretAccessKey }, bucket } = await s3Place()
  const credentials = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  const environment = {
    ...credentials,
    BACKUP_S3_BUCKET: bucket,
    BACKUP_S3_PREFIX: 'elspeth/',
    BACKUP_S3_ENDPOINT: endpoint
  }
  const run = async (args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<string> => {
    const { code, out, err } = await holdfast([...args], cwd, env)
    assert.equal(code, 0, `${args.join(' ')}: ${err}`)
    return out
  }
  const home = join(tempDir(t), 'server')
  mkdirSync(home)
  makeElspeth(home)
  await run(['backup', '--source', 'elspeth', '--upload'], home, environment)
  rmSync(home, { recursive: true })

  const desk = tempDir(t)
  const url = `s3://${bucket}/elspeth/?${new URLSearchParams({ endpoint }).toString()}`
  await run(['rebuild', '--from', url], desk, credentials)
  await run(['restore', '--set', 'elspeth', '--latest', '--output', 'elspeth'], desk, credentials)
  const at = (name: string): string => join(desk, 'elspeth', name)
  assert.deepEqual(readdirSync(join(desk, 'elspeth')).toSorted(), ['audit.db', 'config.yaml', 'output', 'payloads'])
  assertElspeth(at('audit.db'), at('payloads'), at('config.yaml'), at('output'))

  // The directories of the members must exist: a missing one may be a disk that is not mounted.
  for (const name of ['runs', '.elspeth']) mkdirSync(join(home, name), { recursive: true })
  writeFileSync(join(home, 'holdfast.yaml'), CONFIG)
  await run(['rebuild', '--take-over', '--confirm'], home, environment)
  await run(['restore', '--set', 'elspeth', '--latest', '--confirm'], home, environment)
  const of = (name: string): string => join(home, name)
  assertElspeth(of('runs/audit.db'), of('.elspeth/payloads'), of('pipeline.yaml'), of('output'))
})
