import assert from 'node:assert/strict'
import { openEngine } from '../../../src/app/open-engine.ts'
import type { Config } from '../../../src/config/config.ts'
import { isFinished } from '../../../src/core/job.ts'
import { manifestKey, siblingKey } from '../../../src/core/backup/object-key.ts'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { filesIn } from './engine.ts'

const silent = { debug () {}, info () {}, warn () {}, error () {} }

/** How long to wait for work when an engine is closed. Milliseconds. */
const GRACE = 10_000

/**
 * Starts the engine on what a crash left, as the next start of the service would, and holds everything that it then
 * says against the files: no row lies, no orphan stays, every completed backup verifies (but for those already in
 * `proven`, which it adds to). Returns the rows, newest first.
 */
export async function assertTruthful (config: Config, proven = new Set<number>()): Promise<readonly Backup[]> {
  const { engine, deps, close } = await openEngine(config, { logger: silent })
  try {
    const { backups } = await engine.backups({ limit: 500 })
    const trashed = await deps.catalog.backups.trashed()
    const rows = [...backups, ...trashed]
    assert.deepEqual(rows.filter(backup => backup.status === 'in_progress'), [])
    assert.deepEqual((await engine.jobs({ limit: 500 })).jobs.filter(job => !isFinished(job)), [])
    assert.deepEqual(await deps.catalog.restores.running(), [])

    const standing = rows.filter(backup => backup.status === 'completed')
    const kept = rows.filter(backup => backup.status === 'failed' && backup.key.startsWith('quarantine/'))
    const expected = [
      ...standing.flatMap(({ key, parts }) => [
        key,
        manifestKey(key),
        ...parts.map(({ fileName }) => siblingKey(key, fileName))
      ]),
      ...kept.map(backup => backup.key)
    ]
    assert.deepEqual(filesIn(config.backupDir), expected.toSorted())
    assert.deepEqual(filesIn(config.scratchDir), [])

    for (const backup of standing.filter(one => !proven.has(one.id))) {
      const { verification } = await (await engine.verify(backup.id)).result
      assert.ok(verification.valid, JSON.stringify(verification.checks))
      proven.add(backup.id)
    }
    return rows
  } finally {
    await close(GRACE)
  }
}
