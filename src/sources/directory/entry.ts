import { isUtf8 } from 'node:buffer'
import type { Readable } from 'node:stream'
import { comparePaths, pathProblem, shownPath } from './entry-path.ts'
import { MalformedError } from './malformed.ts'

/** The name of the part that lists what a backup of a directory contains. */
export const FILES = 'files'
const FORMAT = 'holdfast-files'
const VERSION = 1

/** The longest line: twice the longest path of Linux in base64, and the numbers. Bytes. */
const LINE_LIMIT = 64 * 1024
const NEWLINE = 0x0a

const ENTRY_TYPES = ['file', 'directory', 'symlink', 'hardlink'] as const
export type EntryType = typeof ENTRY_TYPES[number]

/**
 * `changed`: the file was changed while it was read, each time. `unreadable`: no archive has the entry. `recent`: the
 * file was changed so shortly before it was read that a later change may have the same time: the next increment
 * contains it again.
 */
const ENTRY_FLAGS = ['changed', 'unreadable', 'recent'] as const
export type EntryFlag = typeof ENTRY_FLAGS[number]

/** A line of the part `files`: one name in the tree of a backup. docs/format.md describes the format. */
export interface Entry {
  /** Relative to the source, without a leading `./`: any bytes but 0. `.` is the directory of the source itself. */
  readonly path: Buffer
  /** `hardlink`: another name of an earlier entry, whose path is the target. */
  readonly type: EntryType
  /** Of a file: its size in bytes, holes included; otherwise 0. */
  readonly size: number
  /** Nanoseconds since 1970, in decimal; may be negative. */
  readonly mtime: string
  readonly ctime: string
  /** The 12 bits of permission. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** In decimal. */
  readonly dev: string
  readonly ino: string
  /** Of a symbolic link: its content. Of a hard link: the path of the earlier entry. */
  readonly target?: Buffer
  /**
   * Of a file: the SHA-256 of the data of its member, in hex: that of the content, unless `sparse`. Absent where the
   * file is `unreadable`.
   */
  readonly sha256?: string
  /**
   * The data of the member begins with a map of the holes (GNU sparse format 1.0), and has only what lies between them:
   * `sha256`, `offset` and `stored` include the map.
   */
  readonly sparse?: true
  /** Of a file: where the data of its member begins in the plain archive that has it. Bytes. */
  readonly offset?: number
  /** Of a file: bytes of the data of its member. */
  readonly stored?: number
  /** The depth of the link of the chain whose archive has the entry: 0 for the full backup. */
  readonly in: number
  readonly flags?: readonly EntryFlag[]
}

/** The first line of the part, with its end. */
export const FILES_HEADER = `${JSON.stringify({ format: FORMAT, version: VERSION })}\n`

/** The line of an entry, with its end. The order of the keys is part of the format. */
export function entryLine (entry: Entry): string {
  const { path, type, size, mtime, ctime, mode, uid, gid, dev, ino, target, sha256, sparse, offset, stored } = entry
  return `${
    JSON.stringify({
      ...bytesField('path', path),
      type,
      size,
      mtime,
      ctime,
      mode,
      uid,
      gid,
      dev,
      ino,
      ...target === undefined ? {} : bytesField('target', target),
      sha256,
      sparse,
      offset,
      stored,
      in: entry.in,
      flags: entry.flags?.length === 0 ? undefined : entry.flags
    })
  }\n`
}

/** Bytes as a text, or in base64 under another name where they are no UTF-8. */
function bytesField (name: 'path' | 'target', bytes: Buffer): Readonly<Record<string, string>> {
  return isUtf8(bytes) ? { [name]: bytes.toString('utf8') } : { [`${name}64`]: bytes.toString('base64') }
}

/**
 * The entries of a part `files`, checked one by one and in their order. Throws `MalformedError`
 * for content that is no such part, and what the stream errors with.
 */
export async function* readEntries (input: Readable): AsyncGenerator<Entry, void> {
  const parser = new EntryParser()
  for await (const text of readTexts(input)) {
    let start = parser.passHeader(text)
    for (let end = text.indexOf('\n', start); end >= 0; end = text.indexOf('\n', start)) {
      yield parser.parse(text.slice(start, end))
      start = end + 1
    }
  }
}

/** Reads the lines of one list, from the first to the last. Its methods throw `MalformedError`. */
export class EntryParser {
  #number = 0
  #last: Buffer | undefined

  /** Where the first line of an entry begins in the text, which may begin with the header of the list. */
  passHeader (text: string): number {
    if (this.#number > 0) return 0
    this.#number = 1
    const end = text.indexOf('\n')
    requireHeader(text.slice(0, end))
    return end + 1
  }

  /** The entry of the next line, which must come after the one before it. */
  parse (line: string): Entry {
    this.#number++
    const entry = parseEntry(line, this.#number)
    if (this.#last !== undefined && comparePaths(this.#last, entry.path) >= 0) {
      throw malformed(this.#number, `"${shownPath(entry.path)}" does not come after "${shownPath(this.#last)}"`)
    }
    this.#last = entry.path
    return entry
  }

  /** Counts a line that need not be parsed: that of the path. */
  pass (path: Buffer): void {
    this.#number++
    this.#last = path
  }
}

/**
 * The content of a part `files` in texts of whole lines. Throws `MalformedError` for an empty part and for a line that
 * is too long or has no end, and what the stream errors with.
 */
export async function* readTexts (input: Readable): AsyncGenerator<string, void> {
  let rest: Buffer = Buffer.alloc(0)
  let number = 0
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      number++
      if (end - start > LINE_LIMIT) throw tooLong(number)
      start = end + 1
    }
    rest = bytes.subarray(start)
    if (rest.length > LINE_LIMIT) throw tooLong(number + 1)
    if (start > 0) yield bytes.toString('utf8', 0, start)
  }
  if (rest.length > 0) throw malformed(number + 1, 'the line has no end')
  if (number === 0) throw new MalformedError('the list of files is empty')
}

function requireHeader (line: string): void {
  const value = parseJson(line, 1)
  if (value.format !== FORMAT) throw malformed(1, `"format" is not "${FORMAT}"`)
  if (value.version !== VERSION) {
    throw malformed(1, `version ${JSON.stringify(value.version)} of the list of files is not known, ${VERSION} is`)
  }
}

/** Throws `MalformedError`; `number` is that of the line, from 1. */
function parseEntry (line: string, number: number): Entry {
  const value = parseJson(line, number)
  const field = <T>(name: string, isValid: (found: unknown) => found is T): T => {
    const found = value[name]
    if (!isValid(found)) throw malformed(number, `the field "${name}" is missing or not valid`)
    return found
  }
  const path = bytesOf(value, 'path', number)
  if (path === undefined) throw malformed(number, 'there is no "path"')
  const problem = pathProblem(path)
  if (problem !== undefined) throw malformed(number, `the path "${shownPath(path)}" ${problem}`)
  const type = field('type', isType)
  const flags = value.flags === undefined ? undefined : field('flags', isFlags)
  const target = bytesOf(value, 'target', number)
  const isLink = type === 'symlink' || type === 'hardlink'
  if (isLink !== (target !== undefined)) {
    throw malformed(number, isLink ? 'a link has no "target"' : `a ${type} has a "target"`)
  }
  const isStored = type === 'file' && flags?.includes('unreadable') !== true
  return {
    path,
    type,
    size: field('size', isSize),
    mtime: field('mtime', isDecimal),
    ctime: field('ctime', isDecimal),
    mode: field('mode', isMode),
    uid: field('uid', isSize),
    gid: field('gid', isSize),
    dev: field('dev', isDecimal),
    ino: field('ino', isDecimal),
    ...target === undefined ? {} : { target: requireTarget(type, path, target, number) },
    ...isStored
      ? {
        sha256: field('sha256', isSha256),
        ...value.sparse === undefined ? {} : { sparse: field('sparse', isTrue) },
        offset: field('offset', isSize),
        stored: field('stored', isSize)
      }
      : {},
    in: field('in', isSize),
    ...flags === undefined ? {} : { flags }
  }
}

/** A hard link leads to an entry before it, a symbolic link anywhere: it is not followed. */
function requireTarget (type: EntryType, path: Buffer, target: Buffer, number: number): Buffer {
  if (type === 'symlink') {
    if (target.length === 0 || target.includes(0)) throw malformed(number, 'the target of the link is no path')
    return target
  }
  const problem = pathProblem(target)
  if (problem !== undefined) throw malformed(number, `the target "${shownPath(target)}" ${problem}`)
  if (comparePaths(target, path) >= 0) throw malformed(number, 'the target of the hard link does not come before it')
  return target
}

function bytesOf (
  value: Readonly<Record<string, unknown>>,
  name: 'path' | 'target',
  number: number
): Buffer | undefined {
  const [text, encoded] = [value[name], value[`${name}64`]]
  if (text === undefined && encoded === undefined) return undefined
  if (typeof text === 'string' && encoded === undefined) return Buffer.from(text)
  if (typeof encoded === 'string' && text === undefined) {
    const bytes = Buffer.from(encoded, 'base64')
    if (bytes.toString('base64') === encoded) return bytes
  }
  throw malformed(number, `the field "${name}" is not valid`)
}

function parseJson (line: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>
  } catch {
    // Reported below.
  }
  throw malformed(number, 'the line is no JSON object')
}

function isType (value: unknown): value is EntryType {
  return ENTRY_TYPES.some(type => type === value)
}

function isFlags (value: unknown): value is readonly EntryFlag[] {
  return Array.isArray(value) && value.every(flag => ENTRY_FLAGS.some(known => known === flag))
}

/** Whether it is a number of bytes, or of something else that is counted. */
export function isSize (value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isMode (value: unknown): value is number {
  return isSize(value) && value <= 0o7777
}

function isDecimal (value: unknown): value is string {
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value)
}

export function isSha256 (value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
}

function isTrue (value: unknown): value is true {
  return value === true
}

function tooLong (number: number): MalformedError {
  return malformed(number, `the line is longer than ${LINE_LIMIT} bytes`)
}

function malformed (number: number, problem: string): MalformedError {
  return new MalformedError(`line ${number} of the list of files: ${problem}`)
}
