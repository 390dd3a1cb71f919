import { writeFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { Position } from '../../../src/core/backup/chain-link.ts'
import { serializeManifest, type Manifest } from '../../../src/core/backup/manifest.ts'
import { rebuild } from '../../../src/engine/recovery/rebuild.ts'
import { at, linkOf } from '../builders/recovery.ts'
import { never } from '../streams.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from './engine.ts'

export interface ChainedOptions extends TestEngineOptions {
  /** The captured log that each of them needs. Default: none. */
  readonly from?: Position
  readonly to?: Position
}

export interface Chained extends TestEngine {
  /** Oldest first. */
  readonly backups: readonly Backup[]
}

/**
 * A service that took over backups whose manifests make them chains: each starts one at depth 0, and is otherwise built
 * on the one before it.
 */
export async function chainedEngine (
  t: TestContext,
  depths: readonly number[],
  { from = at(0), to = at(0), ...options }: ChainedOptions = {}
): Promise<Chained> {
  const before = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 100 } })
  let parent: Manifest | undefined
  let chain = ''
  for (const depth of depths) {
    const backup = await before.create()
    const manifest = await before.deps.catalog.backups.manifest(backup.id)
    if (manifest === undefined || (depth > 0 && parent === undefined)) throw new TypeError('nothing to build on')
    if (depth === 0) chain = `chain-${backup.id}`
    const { signature: _, ...unsigned } = manifest
    parent = {
      ...unsigned,
      version: 3,
      method: depth === 0 ? 'full' : 'incremental',
      link: {
        ...linkOf({ depth, chain, from, to }),
        parent: depth === 0 || parent === undefined
          ? null
          : { name: parent.object.name, sha256: parent.object.sha256 }
      }
    }
    writeFileSync(`${backup.filePath}.manifest.json`, serializeManifest(parent))
  }
  const after = await testEngine(t, { ...options, directory: before.directory })
  after.clock.move(before.clock.now().getTime() - after.clock.now().getTime())
  await rebuild(after.deps, { stores: [after.deps.store], isListing: false }, never)
  const { backups } = await after.engine.backups({ limit: 100 })
  return { ...after, backups: backups.toReversed() }
}
