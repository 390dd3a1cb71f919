import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import { BackupError } from '../../core/errors.ts'
import { END_OF_ARCHIVE, padding } from '../../files/tar-blocks.ts'
import { joinArchive, lacking, noneJoined, type OpenList } from './archive-join.ts'
import { shortPath } from './short-path.ts'
import type { Entry } from './entry.ts'
import { MalformedError } from './malformed.ts'
import { attributesOf, memberHeader } from './member-header.ts'
import { sparseMapOf, type SparseMap } from './sparse-map.ts'
import type { TreePlan } from './tree-plan.ts'

/** The archive of one link of the chain, by its depth. */
export interface LinkArchive {
  readonly depth: number
  /** Bytes of the whole archive. */
  readonly size: number
  open(): Promise<Readable>
  /** Some bytes of it, read without those before them; null: that is not possible. */
  range(start: number, length: number): Promise<Readable | null>
}

/** So many files are fetched one by one, where they are less than this part of the archive. */
const FETCHED_FILES = 64
const FETCHED_SHARE = 0.25

export interface ExtractableOptions {
  /** The links in their order. */
  readonly archives: readonly LinkArchive[]
  /** Of the last link. */
  readonly openList: OpenList
  readonly plan: TreePlan
  /** Changes an entry before its header is written. */
  readonly adapted: (entry: Entry) => Entry
  /** Whether extended attributes and access control lists pass. */
  readonly hasAttributes: boolean
  /** Called with the bytes of data so far. */
  readonly onBytes: (bytes: number) => void
}

/**
 * One archive with what is extracted of a chain, for a program that extracts: made of the entries of the list and of
 * the data that the list has the digests of, link after link. A member that is not in the list, or that the list has in
 * another link, does not pass. Throws `CHECKSUM_MISMATCH` and `MalformedError` for damage, as soon as it is found, and
 * what the archives error with.
 */
export async function* extractable (options: ExtractableOptions): AsyncGenerator<Buffer, void> {
  const { archives, plan, hasAttributes } = options
  const bytes = new ByteCount(options.onBytes)
  for (const archive of archives) {
    const share = plan.links.get(archive.depth)
    if (share === undefined) continue
    const isFew = plan.isSelection && share.files <= FETCHED_FILES && share.bytes < archive.size * FETCHED_SHARE
    // Attributes are in the headers alone, which a range of the data does not have.
    const probe = isFew && !hasAttributes && share.files > 0 ? await archive.range(0, 1) : null
    probe?.destroy()
    yield* probe === null ? scannedMembers(archive, options, bytes) : fetchedMembers(archive, options, bytes)
  }
  yield END_OF_ARCHIVE
}

class ByteCount {
  readonly #onBytes: (bytes: number) => void
  #bytes = 0

  constructor (onBytes: (bytes: number) => void) {
    this.#onBytes = onBytes
  }

  add (bytes: number): void {
    this.#bytes += bytes
    this.#onBytes(this.#bytes)
  }
}

/** The data of each file is read from the store alone, and compared with its digest. */
async function* fetchedMembers (
  archive: LinkArchive,
  { openList, plan, adapted }: ExtractableOptions,
  count: ByteCount
): AsyncGenerator<Buffer, void> {
  for await (const entry of openList()) {
    const wanted = entry.in === archive.depth ? plan.wanted(entry) : undefined
    if (wanted === undefined) continue
    yield memberHeader(adapted(wanted))
    const [offset, stored] = [entry.offset ?? 0, wanted.stored ?? 0]
    if (stored === 0) continue
    const data = await archive.range(offset, stored)
    if (data === null) throw new MalformedError(`the archive has no bytes from ${offset} to ${offset + stored - 1}`)
    const hash = createHash('sha256')
    const map = sparseMapOf(wanted)
    let length = 0
    for await (const chunk of data as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length > stored) break
      map?.write(chunk)
      hash.update(chunk)
      count.add(chunk.length)
      yield chunk
    }
    requireDigest(entry, length === stored ? hash.digest('hex') : null)
    map?.end()
    yield padding(stored)
  }
}

async function* scannedMembers (
  archive: LinkArchive,
  { openList, plan, adapted, hasAttributes }: ExtractableOptions,
  count: ByteCount
): AsyncGenerator<Buffer, void> {
  const result = noneJoined()
  let wanted: Entry | undefined
  let map: SparseMap | undefined
  for await (const joined of joinArchive(await archive.open(), openList, archive.depth, result)) {
    if (joined.type === 'member') {
      wanted = plan.wanted(joined.entry)
      if (wanted === undefined) continue
      map = sparseMapOf(wanted)
      yield memberHeader(adapted(wanted), hasAttributes ? attributesOf(joined.member.records) : undefined)
    } else if (wanted === undefined) continue
    else if (joined.type === 'data') {
      map?.write(joined.data)
      count.add(joined.data.length)
      yield joined.data
    } else {
      map?.end()
      requireDigest(joined.entry, joined.sha256)
      yield padding(wanted.stored ?? 0)
    }
  }
  if (result.missing.count > 0) throw new MalformedError(`the tar archive ${lacking(result)}`)
}

/** Throws `CHECKSUM_MISMATCH` unless the data of a file has the digest that the list has. */
function requireDigest ({ path, sha256: expected }: Entry, sha256: string | null): void {
  if (sha256 === (expected ?? null)) return
  throw new BackupError('CHECKSUM_MISMATCH', `the content of "${shortPath(path)}" is not what was backed up`, {
    hint: 'Restore another backup, and verify this one.'
  })
}
