import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { examine } from '../../../src/cli/doctor/examine.ts'
import type { Finding } from '../../../src/cli/doctor/finding.ts'
import type { CatalogSnapshot, DoctorContext, ExaminedSource } from '../../../src/cli/doctor/context.ts'
import { SOURCE_KINDS } from '../../../src/sources/index.ts'
import { testEngine, type TestEngine } from '../engine/engine.ts'
import { shopDatabase } from '../databases/shop.ts'
import { tempDir } from '../temp-dir.ts'

/** A command that tells nothing of the clock. */
const SILENT = '/bin/echo'

export interface Examined extends TestEngine {
  readonly subject: DoctorContext
  readonly memory: CatalogSnapshot
  /** Everything but what is in order, as `status check: message`. */
  complaints(change?: Partial<DoctorContext>, snapshot?: CatalogSnapshot | null): Promise<string[]>
}

/** The database at `path` as the source `shop`. */
export function shopAt (path: string): ExaminedSource {
  return { name: 'shop', kind: SOURCE_KINDS[0], values: { path } }
}

/** Where the database of the first source is. */
export function pathOf ({ sources }: Pick<DoctorContext, 'sources'>): string {
  return String(sources[0]?.values['path'])
}

/** A service on real directories, its database in WAL mode, with a backup from just now. */
export async function examined (
  t: Pick<TestContext, 'after'>,
  options: Parameters<typeof testEngine>[1] = {}
): Promise<Examined> {
  const { source, path } = shopDatabase(t)
  const engine = await testEngine(t, {
    sources: [source],
    policies: { shop: { drillSchedule: '0 6 * * 0' } },
    ...options
  })
  const dataDir = tempDir(t)
  // Scheduled backups have been asked for since long ago, so that a missing one is overdue.
  await engine.deps.catalog.runs.record({
    rules: [{ kind: 'backup', source: 'shop', rule: 'interval', definition: '3600000', since: new Date(0) }],
    dropped: [],
    added: [],
    changed: []
  })
  const subject: DoctorContext = {
    backupDir: engine.directory,
    dataDir,
    scratchDir: join(dataDir, 'scratch'),
    diskReserve: 0,
    trashGrace: 86_400_000,
    prune: { pattern: '30 4 * * *', timeZone: 'UTC' },
    sources: [shopAt(path)],
    insecureStores: [],
    secretFiles: [],
    lacks: [],
    notices: [],
    requireTokenExpiry: false,
    versions: { holdfast: '1.2.3', node: '26.10.0', sqlite: '3.54.1' },
    findServer: () => ({ pid: 4711, host: 'here', since: '2025-11-24T00:00:00.000Z' }),
    timeCommand: SILENT,
    clock: engine.clock
  }
  const snapshot = { engine: engine.engine, deps: engine.deps }
  return {
    ...engine,
    subject,
    memory: snapshot,
    async complaints (change = {}, given = snapshot) {
      return complaintsIn(await examine({ ...subject, ...change }, given ?? undefined))
    }
  }
}

/** Everything but what is in order. */
export function complaintsIn (findings: readonly Finding[]): string[] {
  return findings.filter(({ status }) => status !== 'ok').map(({ status, check, message }) =>
    `${status} ${check}: ${message}`
  )
}

/** What is always so here: one disk, no other machine, and a command that is none. */
export const HERE = [
  /^skipped clock: "\/bin\/echo" does not report/,
  /^warn disk: the backups are on the same disk/,
  /^warn off-site copy: /
]

/** Asserts that there is one of each, in that order, and nothing else but what is always so. */
export function assertComplaints (found: readonly string[], expected: readonly RegExp[]): void {
  const rest = found.filter(complaint =>
    !HERE.some(always => always.test(complaint)) && !complaint.startsWith('warn space')
  )
  assert.equal(rest.length, expected.length, rest.join('\n'))
  for (const [index, pattern] of expected.entries()) assert.match(rest[index] ?? '', pattern)
}
