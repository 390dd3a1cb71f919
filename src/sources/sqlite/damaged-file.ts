import { closeSync, fstatSync, openSync } from 'node:fs'
import { readUpTo } from './pages.ts'

/** https://sqlite.org/fileformat2.html, "The Database Header". */
const HEADER = 100
const [PAGE_SIZE_AT, RESERVED_AT, TRUNK_AT, ENCODING_AT, USER_VERSION_AT, APPLICATION_ID_AT] = [16, 20, 32, 56, 60, 68]
const PAGE_SIZES = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536] as const
const ENCODINGS = ['utf-8', 'utf-8', 'utf-16le', 'utf-16be'] as const
const USUAL = 4096
/** Bytes that a page must have for content of its own; SQLite reserves no more than leaves so many. */
const LEAST_USABLE = 480
/** Pages looked at to find out their size where the header does not tell. */
const SAMPLE = 1000

/** A database file of which nothing need be right. Its pages count from 1. */
export interface DamagedFile {
  readonly pageSize: number
  /** Bytes of a page without what an extension has reserved at its end. */
  readonly usable: number
  readonly pages: number
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be'
  readonly userVersion: number
  readonly applicationId: number
  /** The first page of the list of free ones; 0: there is none. */
  readonly firstTrunk: number
  /** The bytes of one page, with zeros for what the file has no more; undefined: there is no such page. */
  page(number: number): Buffer | undefined
  close(): void
}

/** Opens a file that nobody else uses. What its header says is believed only where it is possible. */
export function openDamaged (path: string): DamagedFile {
  const fd = openSync(path, 'r')
  const { size } = fstatSync(fd)
  const header = Buffer.alloc(HEADER)
  readUpTo(fd, header, 0)
  const told = header.readUInt16BE(PAGE_SIZE_AT) === 1 ? 65_536 : header.readUInt16BE(PAGE_SIZE_AT)
  const pageSize = PAGE_SIZES.find(possible => possible === told) ?? likelyPageSize(fd, size)
  const reserved = header[RESERVED_AT] ?? 0
  const pages = Math.ceil(size / pageSize)
  return {
    pageSize,
    usable: pageSize - reserved < LEAST_USABLE ? pageSize : pageSize - reserved,
    pages,
    encoding: ENCODINGS[header.readUInt32BE(ENCODING_AT)] ?? 'utf-8',
    userVersion: header.readInt32BE(USER_VERSION_AT),
    applicationId: header.readInt32BE(APPLICATION_ID_AT),
    firstTrunk: header.readUInt32BE(TRUNK_AT),
    page: number => number >= 1 && number <= pages ? readPage(fd, pageSize, number) : undefined,
    close: () => {
      closeSync(fd)
    }
  }
}

function readPage (fd: number, pageSize: number, number: number): Buffer {
  const page = Buffer.alloc(pageSize)
  readUpTo(fd, page, (number - 1) * pageSize)
  return page
}

/** The size at which the most pages begin as the page of a table or an index does. */
function likelyPageSize (fd: number, size: number): number {
  const start = Buffer.alloc(8)
  const share = (pageSize: number): number => {
    const last = Math.min(SAMPLE, Math.floor(size / pageSize))
    let fitting = 0
    for (let page = 1; page < last; page++) {
      readUpTo(fd, start, page * pageSize)
      const content = start.readUInt16BE(5)
      if ([2, 5, 10, 13].includes(start[0] ?? 0) && content > 0 && content <= pageSize) fitting++
    }
    return fitting / Math.max(1, last - 1)
  }
  return PAGE_SIZES
    .map(pageSize => ({ pageSize, share: share(pageSize) }))
    .reduce((best, other) => other.share > best.share ? other : best, { pageSize: USUAL, share: 0 })
    .pageSize
}
