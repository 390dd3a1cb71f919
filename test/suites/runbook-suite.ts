import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** A service that protects one database, and a way to call it as its administrator would with curl. */
export interface Service {
  readonly call: (
    method: string,
    path: string,
    body?: { readonly type: string, readonly text: string }
  ) => Promise<Answer>
}

/**
 * The examples of the Workstation runbook: each of its calls as it stands there, and each of its answers key for key,
 * in its order. Further keys may follow; clients written against the runbook do not see them.
 */
export function runbookSuite (open: (t: TestContext) => Promise<Service>): void {
  test('runbook, "Creating a Manual Backup"', async t => {
    const { call } = await open(t)
    const { status, body } = await call('POST', '/api/backups')
    assert.equal(status, 201)
    beginsLike(body, {
      success: true,
      message: 'Backup created successfully',
      backup: {
        id: 1,
        fileName: /^workstation-backup-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.db$/,
        filePath: /^\/.*\/workstation-backup-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.db$/,
        backupType: 'manual',
        fileSize: Number,
        checksum: /^[0-9a-f]{64}$/,
        startedAt: INSTANT,
        completedAt: INSTANT,
        status: 'completed'
      }
    })
  })

  test('runbook, "Listing All Backups"', async t => {
    const { call } = await open(t)
    await call('POST', '/api/backups')
    const { status, body } = await call('GET', '/api/backups')
    assert.equal(status, 200)
    beginsLike(body, {
      success: true,
      backups: [{
        id: 1,
        fileName: /^workstation-backup-.*\.db$/,
        fileSize: Number,
        status: 'completed',
        startedAt: INSTANT
      }],
      statistics: {
        totalBackups: 1,
        totalSize: Number,
        oldestBackup: INSTANT,
        newestBackup: INSTANT,
        failedBackups: 0
      },
      count: 1
    })
  })

  test('runbook, "Verifying Backup Integrity"', async t => {
    const { call } = await open(t)
    await call('POST', '/api/backups')
    const { status, body } = await call('POST', '/api/backups/1/verify')
    assert.equal(status, 200)
    beginsLike(body, { success: true, backupId: 1, valid: true, message: 'Backup is valid' })
  })

  test('runbook, "Backup Statistics"', async t => {
    const { call } = await open(t)
    await call('POST', '/api/backups')
    const { status, body } = await call('GET', '/api/backups/stats')
    assert.equal(status, 200)
    beginsLike(body, {
      success: true,
      statistics: { totalBackups: 1, totalSize: Number, oldestBackup: INSTANT, newestBackup: INSTANT, failedBackups: 0 }
    })
  })

  test('runbook, "Enabling Automatic Backups", and the configuration afterwards', async t => {
    const { call } = await open(t)
    const text = `{
    "autoBackupEnabled": true,
    "autoBackupInterval": 86400000
  }`
    const changed = await call('PUT', '/api/backups/config', { type: 'application/json', text })
    assert.equal(changed.status, 200)
    beginsLike(changed.body, { success: true, message: String })
    const { status, body } = await call('GET', '/api/backups/config')
    assert.equal(status, 200)
    beginsLike(body, {
      success: true,
      config: { autoBackupEnabled: true, autoBackupInterval: 86_400_000, maxBackups: 10, compression: 'none' }
    })
    const { config } = body as { config: Record<string, unknown> & { origins: Record<string, unknown> } }
    assert.match(String(config.databasePath), /\/workstation\.db$/)
    assert.deepEqual([config.origins.autoBackupEnabled, config.origins.databasePath], ['api', 'environment'])
  })

  test('runbook, "API Endpoints Reference": the details of a backup', async t => {
    const { call } = await open(t)
    const made = await call('POST', '/api/backups')
    const { status, body } = await call('GET', '/api/backups/1')
    assert.equal(status, 200)
    beginsLike(body, { success: true, backup: { id: 1 } })
    assert.deepEqual((body as { backup: unknown }).backup, (made.body as { backup: unknown }).backup)
  })

  test('runbook, "Health Check Integration"', async t => {
    const { call } = await open(t)
    const { status, body } = await call('GET', '/health')
    assert.equal(status, 200)
    beginsLike(body, { success: true, status: String, backup: { status: String } })
  })

  test('runbook, what curl sends with -d and nothing in it: a backup like any other', async t => {
    const { call } = await open(t)
    assert.equal(
      (await call('POST', '/api/backups', { type: 'application/x-www-form-urlencoded', text: '' })).status,
      201
    )
  })
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Each object starts with the keys of the pattern, in their order; each value is the pattern's, or of its kind. */
function beginsLike (value: unknown, pattern: unknown, where = 'the answer'): void {
  if (pattern instanceof RegExp) assert.match(String(value), pattern, where)
  else if (typeof pattern === 'function') assert.equal(typeof value, pattern.name.toLowerCase(), where)
  else if (Array.isArray(pattern)) {
    assert.ok(Array.isArray(value), where)
    assert.equal(value.length, pattern.length, where)
    for (const [index, item] of pattern.entries()) beginsLike(value[index], item, `${where}[${index}]`)
  } else if (typeof pattern === 'object' && pattern !== null) {
    assert.ok(typeof value === 'object' && value !== null, where)
    const keys = Object.keys(pattern)
    assert.deepEqual(Object.keys(value).slice(0, keys.length), keys, where)
    for (const [key, item] of Object.entries(pattern)) {
      beginsLike((value as Record<string, unknown>)[key], item, `${where}.${key}`)
    }
  } else assert.equal(value, pattern, where)
}
