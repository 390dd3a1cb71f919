import { Readable } from 'node:stream'
import {
  END_OF_ARCHIVE,
  headerBlock,
  LARGEST_SIZE,
  LONGEST_NAME,
  padded,
  padding,
  paxRecord,
  type HeaderFields
} from '../files/tar-blocks.ts'

/** A file to be put into an archive. */
export interface TarFile {
  /** Without a folder. Any length, any letters. */
  readonly name: string
  /** Exact length in bytes. */
  readonly size: number
  readonly modified: Date
}

export interface TarMember extends TarFile {
  /** Opens exactly `size` bytes, or a stream that errors. */
  open(signal: AbortSignal): Promise<Readable>
}

/** Bytes of an archive with these files. */
export function tarSize (files: readonly TarFile[]): number {
  return files.reduce((sum, file) => sum + tarHeader(file).length + padded(file.size), END_OF_ARCHIVE.length)
}

/**
 * An archive of these files in their order, as POSIX.1-2001 has it (pax), to be read by every tar. One is open at a
 * time. Errors with what `open` rejects with and with what its stream errors with; then the archive has no end. In any
 * case no stream of a file stays open.
 */
export function tarStream (members: readonly TarMember[], signal: AbortSignal): Readable {
  return Readable.from(tarBytes(members, signal), { objectMode: false })
}

async function* tarBytes (members: readonly TarMember[], signal: AbortSignal): AsyncGenerator<Buffer> {
  for (const member of members) {
    yield tarHeader(member)
    yield* await member.open(signal) as AsyncIterable<Buffer>
    yield padding(member.size)
  }
  yield END_OF_ARCHIVE
}

/** The header of a file, and before it an extended header for a name or a size that has no room in it. */
export function tarHeader (file: TarFile): Buffer {
  const { name, size } = file
  const isShort = name.length <= LONGEST_NAME && /^[\x20-\x7e]*$/.test(name)
  const records = [
    ...isShort ? [] : [paxRecord('path', name)],
    ...size <= LARGEST_SIZE ? [] : [paxRecord('size', String(size))]
  ]
  const own = headerBlock(fieldsOf({ ...file, name: isShort ? name : asciiOf(name) }, '0'))
  if (records.length === 0) return own
  const extended = Buffer.concat(records)
  return Buffer.concat([
    headerBlock(fieldsOf({ name: 'pax-header', size: extended.length, modified: file.modified }, 'x')),
    extended,
    padding(extended.length),
    own
  ])
}

/** For a reader that does not know extended headers. */
function asciiOf (name: string): string {
  return name.replaceAll(/[^\x20-\x7e]/g, '_').slice(0, LONGEST_NAME)
}

function fieldsOf ({ name, size, modified }: TarFile, type: '0' | 'x'): HeaderFields {
  return { name, type, size, mode: 0o600, uid: 0, gid: 0, mtime: Math.floor(modified.getTime() / 1000) }
}
