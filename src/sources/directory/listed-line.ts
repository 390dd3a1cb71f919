import { isUtf8 } from 'node:buffer'
import type { Found } from './walk.ts'

/** The line of a file in the list of a parent, which describes the file as it still is. */
export interface ListedLine {
  /** With its end. */
  readonly line: string
  /** Of the file, in bytes. */
  readonly size: number
}

/** After the fields that the system knows: those of a file that is in an archive and has no flags. */
const STORED = /,"sha256":"[0-9a-f]{64}",(?:"sparse":true,)?"offset":\d{1,16},"stored":\d{1,16},"in":\d{1,9}\}\n/y

/**
 * Where the line of the file ends, in a text of lines where one begins at `at`; undefined: this is not the line of the
 * file, or the file has changed, or only a reader of all fields can see whether it has. Exact, for a line
 * is written in one way only (`entryLine`).
 */
export function endOfLine (text: string, at: number, { path, type, stats }: Found): number | undefined {
  if (type !== 'file' || !isUtf8(path)) return undefined
  const { size, mtimeNs, ctimeNs, mode, uid, gid, dev, ino } = stats
  const start = `{"path":${JSON.stringify(path.toString('utf8'))},"type":"file","size":${size},"mtime":"${mtimeNs}",` +
    `"ctime":"${ctimeNs}","mode":${mode & 0o7777n},"uid":${uid},"gid":${gid},"dev":"${dev}","ino":"${ino}"`
  if (!text.startsWith(start, at)) return undefined
  STORED.lastIndex = at + start.length
  return STORED.test(text) ? STORED.lastIndex : undefined
}
