import type { TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from './engine.ts'
import { prose } from '../streams.ts'

export const GOOD = prose(100_000)
/** As a source that counts its bytes as rows tells it. */
export const LOST = prose(20_000)
/** Of the suspect that has `LOST` after three that have `GOOD`. */
export const REASONS = ['the number of rows in "bytes" fell by 80 %, from 100000 to 20000']

export interface Attacked extends TestEngine {
  /** Three of them. */
  readonly good: readonly Backup[]
  readonly suspect: Backup
}

/** Three good backups with the ids 1 to 3, and one that lost most rows, with the id 4. */
export async function attacked (t: TestContext, options: TestEngineOptions = {}): Promise<Attacked> {
  const bench = await testEngine(t, { type: 'scheduled', settings: { maxBackups: 2, ...options.settings }, ...options })
  const good = [await bench.create(), await bench.create()]
  await bench.engine.changeSettings({ maxBackups: 3 })
  good.push(await bench.create())
  await bench.engine.changeSettings({ maxBackups: options.settings?.maxBackups ?? 2 })
  bench.source.bytes = LOST
  return { ...bench, good, suspect: await bench.create() }
}
