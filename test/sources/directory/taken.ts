import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { Outcome, Parent, SnapshotRequest, Source } from '../../../src/core/ports/source.ts'
import { readEntries, type Entry } from '../../../src/sources/directory/entry.ts'
import { directoryDetails, type DirectoryDetails } from '../../../src/sources/directory/facts.ts'
import { directorySource, type DirectorySourceOptions } from '../../../src/sources/directory/source.ts'
import { FULL } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** A snapshot of a directory that was read to its end. */
export interface Taken {
  readonly archive: Buffer
  readonly list: Buffer
  readonly entries: readonly Entry[]
  readonly details: DirectoryDetails
  readonly outcome: Outcome
}

/** A source at `path` with the defaults of the kind. */
export function sourceAt (
  t: TestContext,
  path: string,
  options: Partial<DirectorySourceOptions> = {}
): Source {
  return directorySource({
    name: 'tree',
    path,
    scratchDir: tempDir(t),
    exclude: '',
    oneFileSystem: false,
    xattrs: false,
    onUnreadable: 'fail',
    onChange: 'report',
    ...options
  })
}

/** Takes a snapshot; `onArchive` is called as soon as some of the archive is there. */
export async function take (
  source: Source,
  request: SnapshotRequest = FULL,
  onArchive = (): void => {}
): Promise<Taken> {
  const snapshot = await source.snapshot(request, never)
  const parts: Buffer[] = []
  try {
    for await (const { name, image } of snapshot.parts()) {
      if (name === 'main') image.once('data', onArchive)
      parts.push(await buffer(image))
    }
    const outcome = await snapshot.outcome()
    const [archive = Buffer.alloc(0), list = Buffer.alloc(0)] = parts
    const entries: Entry[] = []
    for await (const entry of readEntries(Readable.from([list]))) entries.push(entry)
    return { archive, list, entries, details: directoryDetails(outcome.facts)!, outcome }
  } finally {
    await snapshot.close()
  }
}

/** The request for an increment on the snapshot. */
export function onTopOf ({ list, outcome: { facts, link } }: Taken): SnapshotRequest {
  const parent: Parent = {
    name: { name: 'parent.tar', sha256: 'a'.repeat(64) },
    facts,
    link,
    open: async () => Readable.from([list])
  }
  return { ...FULL, method: 'incremental', parent }
}

/** Files with these contents in a new directory; a path with a slash at its end is a directory. */
export function treeOf (t: TestContext, files: Readonly<Record<string, string | Buffer>>): string {
  const root = tempDir(t)
  for (const [path, content] of Object.entries(files)) {
    if (path.endsWith('/')) {
      mkdirSync(join(root, path), { recursive: true })
      continue
    }
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

/** What GNU tar extracts of the archive. */
export function extracted (t: TestContext, archive: Buffer): string {
  const root = tempDir(t)
  execFileSync('tar', ['-C', root, '-xpf', '-', '--numeric-owner'], {
    input: archive,
    stdio: ['pipe', 'pipe', 'ignore']
  })
  return root
}

export function pathsOf (entries: readonly Entry[]): readonly string[] {
  return entries.map(({ path }) => path.toString('latin1'))
}
