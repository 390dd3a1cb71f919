import { spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { partsOf } from '../../../src/core/backup/manifest.ts'
import { BackupError } from '../../../src/core/errors.ts'
import { MAIN, type PartRecord } from '../../../src/core/ports/part.ts'
import type { SnapshotRequest, Source } from '../../../src/core/ports/source.ts'
import type { Link } from '../../../src/core/restore/restorable.ts'
import { digestCheck } from '../../../src/pipeline/digest.ts'
import { joined } from '../../../src/pipeline/joined.ts'
import { entryLine, FILES, FILES_HEADER, readEntries, type Entry } from '../../../src/sources/directory/entry.ts'
import type { DirectoryDetails } from '../../../src/sources/directory/facts.ts'
import { TarScanner } from '../../../src/sources/directory/tar-scanner.ts'
import { manifestOf } from '../catalog/catalog.ts'
import { digestOf, never } from '../streams.ts'
import { tempDir } from '../temp-dir.ts'

/** A backup of a directory, part by part. */
export interface DirectoryParts {
  readonly tar: Buffer
  readonly entries: readonly Entry[]
}

/** An archive of the directory as the source makes it: GNU tar, pax, everything in the order of a list. */
export function tarOf (directory: string, ...options: readonly string[]): Buffer {
  const { stdout, stderr, status } = spawnSync('tar', [
    '--create',
    '--file=-',
    '--format=posix',
    '--pax-option=delete=atime,delete=ctime',
    '--numeric-owner',
    '--sparse',
    '--sort=name',
    String.raw`--transform=s,^\./\(.\),\1,S`,
    ...options,
    '.'
  ], { cwd: directory, env: { PATH: process.env.PATH, LC_ALL: 'C' }, maxBuffer: 1024 ** 3 })
  if (status !== 0) throw new Error(stderr.toString())
  return stdout
}

/** The list of an archive, as the source makes it. `in`: the depth of the link that has it. */
export function listOfTar (tar: Buffer, depth = 0): Entry[] {
  const entries: Entry[] = []
  const scanner = new TarScanner({
    onEnd: (member, sha256) => {
      const { path, type, size, stored, mtime, mode, uid, gid, target, isSparse, offset } = member
      if (type === 'device' || type === 'fifo') return
      entries.push({
        path: path.toString('latin1').startsWith('./') ? path.subarray(2) : path,
        type,
        size: type === 'file' ? size : 0,
        mtime: String(mtime),
        ctime: '0',
        mode,
        uid,
        gid,
        dev: '1',
        ino: '1',
        ...target !== null && {
          target: type === 'hardlink' && target.toString('latin1').startsWith('./') ? target.subarray(2) : target
        },
        ...sha256 !== null && { sha256, offset, stored },
        ...isSparse && { sparse: true as const },
        in: depth
      })
    }
  })
  scanner.write(tar)
  scanner.end()
  return entries
}

/** The facts of a list. */
export function detailsOf (entries: readonly Entry[], list: Buffer, depth = 0): DirectoryDetails {
  const count = (type: Entry['type']): number => entries.filter(entry => entry.type === type).length
  const none = { count: 0, paths: [] }
  return {
    root: entries[0]?.type === 'file' ? 'file' : 'directory',
    depth,
    files: count('file'),
    directories: count('directory'),
    symlinks: count('symlink'),
    hardlinks: count('hardlink'),
    bytes: entries.reduce((sum, { size }) => sum + size, 0),
    listSha256: hash('sha256', list),
    xattrs: false,
    unreadable: none,
    changed: none,
    leftOut: none,
    databases: none,
    vanished: 0
  }
}

/** A backup in a directory, in which each part is a file with its name. */
export interface StoredDirectory extends Link {
  readonly directory: string
  readonly entries: readonly Entry[]
}

/** A backup with these parts, stored as it is; `details` change its facts. */
export function storedDirectory (
  t: TestContext,
  { tar, entries }: DirectoryParts,
  { depth = 0, list = listText(entries), ...details }: Partial<DirectoryDetails> & { readonly list?: Buffer } = {}
): StoredDirectory {
  const directory = tempDir(t)
  const part = (name: string, format: string, bytes: Buffer): PartRecord => {
    writeFileSync(join(directory, name), bytes)
    const digest = digestOf(bytes)
    return { name, format, isIndex: name === FILES, compression: 'none', object: { name, ...digest }, image: digest }
  }
  const [main, files] = [part(MAIN, 'tar', tar), part(FILES, 'ndjson', list)]
  const facts = {
    engine: 'GNU tar',
    tables: [],
    properties: {},
    details: { ...detailsOf(entries, list, depth), ...details } as never
  }
  const manifest = manifestOf({ id: 1 }, {
    source: { name: 'tree', kind: 'directory', location: '/srv/tree' },
    object: main.object,
    image: main.image,
    partFormat: 'tar',
    parts: [files],
    facts
  })
  const pathOf = (name: string): string => {
    const found = partsOf(manifest).find(one => one.name === name)
    if (found === undefined) throw new BackupError('PART_NOT_FOUND', `there is no part "${name}"`)
    return join(directory, name)
  }
  return {
    directory,
    entries,
    manifest,
    images: {
      open: async name => {
        const { image } = partsOf(manifest).find(one => one.name === name) ?? main
        return joined(createReadStream(pathOf(name)), digestCheck(image, 'the image'))
      },
      file: async name => pathOf(name),
      range: async (name, { start, end }) => createReadStream(pathOf(name), { start, end })
    }
  }
}

/**
 * An increment on `parent`: the archive has only what is new or changed in the directory, and the list has everything.
 */
export function incrementOn (
  t: TestContext,
  parent: readonly Entry[],
  directory: string,
  depth = 1
): StoredDirectory {
  const all = listOfTar(tarOf(directory), depth)
  const before = new Map(parent.map(entry => [entry.path.toString('latin1'), entry]))
  const changed = all.filter(entry => !isSameEntry(entry, before.get(entry.path.toString('latin1'))))
  const names = Buffer.concat(changed.map(({ path }) => Buffer.concat([path, Buffer.alloc(1)])))
  const { stdout, stderr, status } = spawnSync('tar', [
    '--create',
    '--file=-',
    '--format=posix',
    '--numeric-owner',
    '--sparse',
    '--no-recursion',
    '--null',
    '--verbatim-files-from',
    '--files-from=-'
  ], { cwd: directory, input: names, env: { PATH: process.env.PATH, LC_ALL: 'C' }, maxBuffer: 1024 ** 3 })
  if (status !== 0) throw new Error(stderr.toString())
  const stored = new Map(listOfTar(stdout, depth).map(entry => [entry.path.toString('latin1'), entry]))
  const entries = all.map(entry => {
    const name = entry.path.toString('latin1')
    return stored.get(name) ?? before.get(name) ?? entry
  })
  return storedDirectory(t, { tar: stdout, entries }, { depth })
}

function isSameEntry (entry: Entry, before: Entry | undefined): boolean {
  return before !== undefined &&
    ['type', 'size', 'mtime', 'mode', 'sha256'].every(key => Reflect.get(entry, key) === Reflect.get(before, key))
}

/** A backup as the source makes it: a full one, or an increment on `parent`. */
export async function takenBackup (t: TestContext, source: Source, parent?: StoredDirectory): Promise<StoredDirectory> {
  const request: SnapshotRequest = parent === undefined
    ? { compression: 'none', method: 'full', parent: null }
    : {
      compression: 'none',
      method: 'incremental',
      parent: {
        name: { name: parent.manifest.object.name, sha256: parent.manifest.object.sha256 },
        facts: parent.manifest.facts,
        link: parent.manifest.link,
        open: async (part, signal) => await parent.images.open(part, signal)
      }
    }
  const snapshot = await source.snapshot(request, never)
  try {
    const parts = new Map<string, Buffer>()
    for await (const { name, image } of snapshot.parts()) parts.set(name, await buffer(image))
    const { facts, link } = await snapshot.outcome()
    const [tar, list] = [parts.get(MAIN), parts.get(FILES)]
    if (tar === undefined || list === undefined) throw new Error('a part is missing')
    const entries: Entry[] = []
    for await (const entry of readEntries(Readable.from([list]))) entries.push(entry)
    const stored = storedDirectory(t, { tar, entries }, { list })
    return { ...stored, manifest: { ...stored.manifest, facts, link } }
  } finally {
    await snapshot.close()
  }
}

/** The bytes of the part `files`. */
export function listText (entries: readonly Entry[]): Buffer {
  return Buffer.from(FILES_HEADER + entries.map(entryLine).join(''))
}

/** The backup of a directory as it is now. */
export function backedUp (t: TestContext, directory: string, ...options: readonly string[]): StoredDirectory {
  const tar = tarOf(directory, ...options)
  return storedDirectory(t, { tar, entries: listOfTar(tar) }, { xattrs: options.includes('--xattrs') })
}
