import assert from 'node:assert/strict'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { PartStream } from '../../../src/core/ports/part.ts'
import type { Snapshot, SnapshotFacts, Source } from '../../../src/core/ports/source.ts'
import { sqliteInspector, sqliteSource } from '../../../src/sources/sqlite/sqlite-source.ts'
import { FULL, imagesOf } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'

export function sourceOf (path: string, directory: string, busyTimeout = 5000): Source {
  return sqliteSource({ name: 'test', path, busyTimeout, scratchDir: directory })
}

export interface Taken {
  readonly path: string
  readonly facts: SnapshotFacts
  readonly size: number
}

/** The part that a snapshot of a SQLite database has; its size is known. */
export async function mainPart (snapshot: Snapshot): Promise<PartStream & { readonly size: number }> {
  const { value } = await snapshot.parts()[Symbol.asyncIterator]().next() as IteratorYieldResult<PartStream>
  assert.ok(value.size !== null)
  return { ...value, size: value.size }
}

/** Writes the snapshot to a file beside the database; `part`: its main part, where it was asked for before. */
export async function save (
  snapshot: Snapshot,
  directory: string,
  name = 'image.db',
  part?: Awaited<ReturnType<typeof mainPart>>
): Promise<Taken> {
  const path = join(directory, name)
  try {
    const { image, size } = part ?? await mainPart(snapshot)
    await pipeline(image, createWriteStream(path))
    return { path, facts: (await snapshot.outcome()).facts, size }
  } finally {
    await snapshot.close()
  }
}

export async function take (source: Source, directory: string, name?: string): Promise<Taken> {
  return await save(await source.snapshot(FULL, never), directory, name)
}

/** Names of the checks that did not pass. */
export async function complaints ({ path, facts }: Taken): Promise<string[]> {
  const checks = await sqliteInspector().inspect(imagesOf(path), facts, never)
  return checks.filter(check => check.status !== 'pass').map(check => `${check.name}: ${check.reason ?? ''}`)
}
