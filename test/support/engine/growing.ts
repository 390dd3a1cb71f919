import type { TestContext } from 'node:test'
import type { Backup } from '../../../src/core/backup/backup.ts'
import type { CreateRequest } from '../../../src/engine/backup/create-request.ts'
import { GrowingSource } from '../sources/growing-source.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from './engine.ts'

export interface Growing extends TestEngine {
  readonly notes: GrowingSource
  /** Adds a line to the text and makes an increment, or a full backup where none can be made. */
  increment(request?: Partial<CreateRequest>): Promise<Backup>
}

/** What `increment` adds. */
export const LINE = 'another line\n'

/** The engine over one source that makes increments. */
export async function growingEngine (t: Pick<TestContext, 'after'>, options: TestEngineOptions = {}): Promise<Growing> {
  const notes = new GrowingSource('notes')
  const engine = await testEngine(t, { sources: [notes], settings: { maxBackups: 100 }, ...options })
  return {
    ...engine,
    notes,
    async increment (request = {}) {
      notes.add(LINE)
      return await engine.create({ method: 'incremental', ...request })
    }
  }
}

/** Makes a full backup and three increments; returns the text that each of them has. */
export async function chained ({ notes, create, increment }: Growing): Promise<readonly string[]> {
  await create({ compression: 'zstd' })
  const texts = [notes.bytes.toString()]
  for (const compression of ['none', 'gzip', 'none'] as const) {
    await increment({ compression })
    texts.push(notes.bytes.toString())
  }
  return texts
}

/** The files of backups with two parts and a manifest, as `files` returns them. */
export function filesOfGrowing (...backups: readonly Backup[]): string[] {
  return backups.flatMap(({ key, parts }) => [
    key,
    `${key}.manifest.json`,
    ...parts.map(({ fileName }) => `${key.slice(0, key.lastIndexOf('/') + 1)}${fileName}`)
  ]).toSorted()
}
