import type { TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { Rebuilt } from '../../../src/engine/recovery/rebuild.ts'
import { rebuild } from '../../../src/engine/recovery/rebuild.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from './engine.ts'
import { MemorySource } from '../sources/memory-source.ts'
import { testOffsite, type TestOffsite } from '../stores/offsite.ts'
import { never } from '../streams.ts'

export interface Lost {
  readonly before: TestEngine
  readonly shop: MemorySource
  readonly stores: TestOffsite
  readonly backups: readonly Backup[]
  /** The URL of the store `far`. */
  readonly url: string
}

/** A service with two stores, which has copied two backups of "shop" and one of "bank" to both. */
export async function lost (t: TestContext): Promise<Lost> {
  const stores = await testOffsite(t, { far: {}, vault: {} })
  const shop = new MemorySource('shop')
  const before = await testEngine(t, { sources: [shop, new MemorySource('bank')], offsite: stores.offsite })
  const backups = [
    await before.create({ upload: true }),
    await before.create({ source: 'bank', upload: true, compression: 'zstd' }),
    await before.create({ upload: true, compression: 'gzip' })
  ]
  return { before, shop, stores, backups, url: `file://${stores.directories['far'] ?? ''}` }
}

/** A machine on which there is nothing: neither a backup nor the source "shop". */
export function empty (t: TestContext, options: TestEngineOptions = {}): Promise<TestEngine> {
  return testEngine(t, { sources: [new MemorySource('other')], ...options })
}

export async function rebuilt ({ engine }: TestEngine, from?: string, isListing = false): Promise<Rebuilt> {
  return await (await engine.rebuild({ from, isListing })).result
}

/** Rebuilds from the landing store: how many backups were taken over, and what was refused. */
export async function landed ({ deps }: Pick<TestEngine, 'deps'>) {
  const { adopted, stores } = await rebuild(deps, { stores: [deps.store], isListing: false }, never)
  return [adopted, stores.flatMap(({ refused }) => refused)] as const
}

export async function listed ({ engine }: TestEngine): Promise<readonly Backup[]> {
  return (await engine.backups({ limit: 100 })).backups
}
