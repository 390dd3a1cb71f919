import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Snapshot, SnapshotFacts, Source } from '../../../src/core/ports/source.ts'
import { sqliteSource } from '../../../src/sources/sqlite/sqlite-source.ts'

export function sourceOf (path: string, directory: string, busyTimeout = 5000): Source {
  return sqliteSource({ name: 'test', path, busyTimeout, scratchDir: directory })
}

export interface Taken {
  readonly path: string
  readonly facts: SnapshotFacts
  readonly size: number
}

/** Writes the snapshot to a file beside the database. */
export async function save (snapshot: Snapshot, directory: string, name = 'image.db'): Promise<Taken> {
  const path = join(directory, name)
  try {
    await pipeline(snapshot.image, createWriteStream(path))
    return { path, facts: await snapshot.facts(), size: snapshot.size }
  } finally {
    await snapshot.close()
  }
}

export async function take (source: Source, directory: string, name?: string): Promise<Taken> {
  return await save(await source.snapshot(new AbortController().signal), directory, name)
}

/** Names of the checks that did not pass. */
export async function complaints (source: Source, taken: Taken): Promise<string[]> {
  const checks = await source.inspect(taken.path, taken.facts, new AbortController().signal)
  return checks.filter(check => check.status !== 'pass').map(check => `${check.name}: ${check.reason ?? ''}`)
}
