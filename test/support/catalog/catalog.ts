import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openCatalog, type CatalogOptions, type OpenedCatalog } from '../../../src/catalog/index.ts'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { Copy } from '../../../src/core/backup/copy.ts'
import type { Completion, NewBackup, NewJob } from '../../../src/core/catalog/catalog.ts'
import type { Job } from '../../../src/core/job.ts'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import type { Presence } from '../../../src/core/presence.ts'
import { completeChecks, conclude, type Verification } from '../../../src/core/ports/verification.ts'
import { FakeClock } from '../fake-clock.ts'
import { tempDir } from '../temp-dir.ts'
import { SQLITE_CHECKS } from '../../../src/sources/sqlite/checks.ts'

/** Nothing is signed by a key that is known. */
export const judgeKey: CatalogOptions['judgeKey'] = key => ({
  state: key === null ? 'unsigned' : 'unknown-key',
  key,
  keyId: key,
  isRefused: false
})

/** The only process there is. */
export const ALONE: Presence = { id: 'alone', isAlive: id => id === 'alone' }
export const MIGRATIONS = join(import.meta.dirname, '../../../migrations')
export const START = new Date('2025-11-24T23:30:00.000Z')
export const END = new Date('2025-11-24T23:30:05.000Z')

export const VALID: Verification = conclude([
  { name: 'file_exists', status: 'pass' },
  { name: 'checksum', status: 'pass' },
  { name: 'opens_read_only', status: 'pass' }
], SQLITE_CHECKS)
export const INVALID: Verification = conclude(
  completeChecks(
    [{ name: 'checksum', status: 'fail', reason: 'the digest differs' }],
    SQLITE_CHECKS,
    'the checksum failed'
  ),
  SQLITE_CHECKS
)

/** A catalog of its own for a test, with the path where it is. */
export async function newCatalog (
  t: Pick<TestContext, 'after'>,
  clock = new FakeClock()
): Promise<{ catalog: OpenedCatalog, path: string, clock: FakeClock }> {
  const path = join(tempDir(t), 'data/catalog.db')
  const catalog = await open(path, clock)
  t.after(() => catalog.close())
  return { catalog, path, clock }
}

export function open (
  path: string,
  clock = new FakeClock(),
  migrationsDir = MIGRATIONS,
  presence = ALONE
): Promise<OpenedCatalog> {
  return openCatalog(path, { busyTimeoutMs: 0, clock, migrationsDir, presence, judgeKey })
}

export function newBackup (given: Partial<NewBackup> = {}): NewBackup {
  const key = given.key ?? `${given.source ?? 'shop'}-backup-2025-11-24T23-30-00.db`
  return {
    parts: [],
    source: 'shop',
    type: 'manual',
    method: 'full',
    schedule: null,
    key,
    filePath: `/backups/${key}`,
    description: null,
    compression: 'none',
    encryption: 'none',
    startedAt: START,
    ...given
  }
}

export function manifestOf (backup: Pick<Backup, 'id'> & Partial<Backup>, given: Partial<Manifest> = {}): Manifest {
  const at = backup.startedAt ?? START
  return {
    format: 'holdfast-manifest',
    version: 1,
    id: backup.id,
    source: { name: backup.source ?? 'shop', kind: 'sqlite', location: '/srv/shop.db' },
    type: backup.type ?? 'manual',
    method: backup.method ?? 'full',
    schedule: backup.schedule ?? null,
    description: backup.description ?? null,
    pinned: false,
    startedAt: at.toISOString(),
    completedAt: new Date(at.getTime() + 5000).toISOString(),
    object: { name: backup.key ?? 'shop.db', size: 1000, sha256: 'a'.repeat(64) },
    image: { size: 4096, sha256: 'b'.repeat(64) },
    compression: backup.compression ?? 'none',
    encryption: 'none',
    facts: {
      engine: 'sqlite 3',
      tables: [{ name: 'accounts', rows: 3 }],
      properties: { pageSize: 4096 },
      details: { schemaDigest: 'c'.repeat(64), foreignKeyViolations: 0 }
    },
    partFormat: 'sqlite',
    parts: [],
    link: null,
    verifiedAt: null,
    ...given
  }
}

export function localCopy (location: string, given: Partial<Copy> = {}): Copy {
  return {
    store: 'local',
    location,
    status: 'stored',
    size: 1000,
    uploadedAt: END,
    attempts: 0,
    error: null,
    nextAttemptAt: null,
    ...given
  }
}

/** What another process would see that has the same catalog open; `isAlive` says which of the others live. */
export async function openBeside (
  t: Pick<TestContext, 'after'>,
  path: string,
  id: string,
  isAlive: (other: string) => boolean = () => true
): Promise<OpenedCatalog> {
  const catalog = await open(path, new FakeClock(), MIGRATIONS, {
    id,
    isAlive: other => other === id || isAlive(other)
  })
  t.after(() => catalog.close())
  return catalog
}

/** A job that nothing is in the way of. */
export async function addJob ({ jobs }: Pick<OpenedCatalog, 'jobs'>, job: NewJob): Promise<Job> {
  const added = await jobs.add(job)
  assert.ok('job' in added, 'a lease is in the way')
  return added.job
}

/** Starts a backup and completes it. */
export async function completed (
  catalog: OpenedCatalog,
  given: Partial<NewBackup> = {},
  completion: Partial<Completion> = {}
): Promise<Backup> {
  const backup = await catalog.backups.start(newBackup(given))
  return await catalog.backups.complete(backup.id, {
    manifest: manifestOf(backup),
    filePath: backup.filePath,
    verification: null,
    copies: [localCopy(backup.filePath)],
    ...completion
  })
}

/** Starts a backup and lets it fail. */
export async function failed (catalog: OpenedCatalog, given: Partial<NewBackup> = {}, at = END): Promise<Backup> {
  const backup = await catalog.backups.start(newBackup(given))
  return await catalog.backups.fail(backup.id, { code: 'SOURCE_MISSING', message: 'gone', failedAt: at })
}
