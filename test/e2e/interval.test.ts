import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeMoney } from '../support/databases/money.ts'
import { startService, type Service } from '../support/processes/service.ts'
import { tempDir } from '../support/temp-dir.ts'
import { tokenFor } from '../support/http/token.ts'

const ENVIRONMENT = {
  DATABASE_PATH: './shop.db',
  AUTO_BACKUP_ENABLED: 'true',
  AUTO_BACKUP_INTERVAL: '2000',
  MAX_BACKUPS: '3'
}

/** Longer than anything here takes. Milliseconds. */
const PATIENCE = 20_000

interface Row {
  readonly id: number
  readonly source: string
  readonly status: string
  readonly backupType: string
  readonly filePath: string
  readonly verification: { readonly status: string }
}

/** One look at a service in `home`: what it lists, and the files, at a moment at which nothing is under way. */
async function look (
  service: Service,
  home: string
): Promise<{ readonly rows: readonly Row[], readonly newest: number }> {
  const isIdle = async (): Promise<boolean> =>
    (await service.call('GET', '/api/jobs?limit=4')).body.jobs.every((job: { finishedAt: string | null }) =>
      job.finishedAt !== null
    )
  for (;;) {
    const before = await isIdle()
    const files = readdirSync(join(home, 'backups'), { recursive: true, encoding: 'utf8' }).filter(name =>
      name.includes('shop') && name.endsWith('.db')
    )
    const rows: Row[] = (await service.call('GET', '/api/backups?source=shop')).body.backups
    if (!before || !await isIdle()) continue
    assert.ok(files.length <= 3, `${files.length} files`)
    assert.deepEqual(
      rows.map(({ filePath }) => filePath).toSorted(),
      files.map(name => join(home, 'backups', name)).toSorted()
    )
    for (const row of rows) {
      assert.deepEqual([row.status, row.backupType, row.verification.status], ['completed', 'scheduled', 'valid'])
    }
    return { rows, newest: rows[0]?.id ?? 0 }
  }
}

/** Looks again and again until it is as it must be. */
async function lookUntil (
  service: Service,
  home: string,
  isThere: (seen: Awaited<ReturnType<typeof look>>) => boolean
): Promise<Awaited<ReturnType<typeof look>>> {
  const begin = performance.now()
  while (performance.now() - begin < PATIENCE) {
    const seen = await look(service, home)
    if (isThere(seen)) return seen
  }
  return assert.fail('it never came')
}

test('backups on an interval keep to their number, all of them valid, and are switched off and on while the service runs', async t => {
  const home = tempDir(t)
  makeMoney(join(home, 'shop.db'), { entries: 1000 })
  const first = await startService(t, home, ENVIRONMENT, tokenFor('admin'))
  const runsOf = async (service: Service): Promise<Array<{ status: string, backupId: number | null }>> =>
    (await service.call('GET', '/api/runs?source=shop')).body.runs
  await lookUntil(first, home, ({ rows }) => rows.length === 3)
  const full = await look(first, home)
  const { newest } = await lookUntil(first, home, seen => seen.newest > full.newest)

  await first.call('PUT', '/api/backups/config', { autoBackupEnabled: false })
  const off = await look(first, home)
  assert.equal(await first.kill('SIGTERM'), 0)
  const second = await startService(t, home, ENVIRONMENT, tokenFor('admin'))
  const begin = performance.now()
  await lookUntil(second, home, seen => {
    assert.equal(seen.newest, off.newest)
    return performance.now() - begin > 2500
  })

  await second.call('PUT', '/api/backups/config', { autoBackupEnabled: true })
  const on = await lookUntil(second, home, seen => seen.newest > off.newest)
  assert.ok(on.newest > newest)
  const verified = await second.call('POST', '/api/backups/verify', { source: 'shop' })
  assert.ok(
    verified.body.results.length >= 3 && verified.body.results.every(({ valid }: { valid: boolean }) => valid),
    JSON.stringify(verified.body)
  )
  const ended = (await runsOf(second)).filter(({ status }) => status !== 'running' && status !== 'waiting')
  assert.ok(ended.length >= 5)
  assert.ok(ended.every(({ status, backupId }) => status === 'done' && backupId !== null), JSON.stringify(ended))
})
