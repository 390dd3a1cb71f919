import { createHash, type Hash } from 'node:crypto'
import { Readable } from 'node:stream'
import { counted } from '../../core/counted.ts'
import { BackupError } from '../../core/errors.ts'
import type { PlainImages } from '../../core/ports/images.ts'
import { MAIN } from '../../core/ports/part.ts'
import type { Inspector } from '../../core/ports/source.ts'
import type { Check } from '../../core/ports/verification.ts'
import { joinArchive, lacking, noneJoined, type OpenList } from './archive-join.ts'
import { DIRECTORY_CHECKS } from './checks.ts'
import { countsPassed } from './counts-check.ts'
import { shownPath } from './entry-path.ts'
import { FILES, readEntries } from './entry.ts'
import { directoryDetails, type DirectoryDetails } from './facts.ts'
import { ListCounts } from './list-counts.ts'
import { ListRules } from './list-rules.ts'
import { MalformedError } from './malformed.ts'
import { sparseMapOf, type SparseMap } from './sparse-map.ts'
import { named, Tally } from './tally.ts'
import { TarScanner } from './tar-scanner.ts'

type Finding = Omit<Check, 'name'>

/** Of files with wrong content, so many are named. */
const NAMED = 5
const NO_LIST = 'there is no list of files to compare it with'

/**
 * Verifies backups of directories as a stream, without scratch space: the archive is read to its end and every file in
 * it compared with its digest in the list, the list with the archive, and its totals with the facts. Of an increment,
 * its own archive is read: files that are in an older link are verified with that.
 */
export function directoryInspector (): Inspector {
  return {
    checks: DIRECTORY_CHECKS,
    async inspect (images, expected, signal) {
      if (expected === null) {
        return checksOf({ ...await inspectAlone(await images.open(MAIN, signal)), counts: noList() })
      }
      const details = directoryDetails(expected)
      if (details === null) return await foreignFacts(images, signal)
      const list = await inspectList(images, details, signal)
      const archive = list.index.status === 'fail'
        ? await inspectAlone(await images.open(MAIN, signal))
        : await inspectArchive(images, list.openList, list.depth, signal)
      return checksOf({
        archive: archive.archive,
        index: list.index.status === 'fail' ? list.index : archive.index,
        contents: archive.contents,
        counts: list.counts
      })
    }
  }
}

function checksOf (findings: Readonly<Record<'archive' | 'index' | 'contents' | 'counts', Finding>>): readonly Check[] {
  const { archive, index, contents, counts } = findings
  return [
    { name: 'archive', ...archive },
    { name: 'index', ...index },
    { name: 'contents', ...contents },
    { name: 'counts', ...counts }
  ]
}

/** A file without a manifest: whether it is a whole archive. */
async function inspectAlone (archive: Readable): Promise<Readonly<Record<'archive' | 'index' | 'contents', Finding>>> {
  let members = 0
  const scanner = new TarScanner({
    onMember: () => {
      members++
    }
  })
  const finding = await judged(async () => {
    for await (const chunk of archive as AsyncIterable<Buffer>) scanner.write(chunk)
    scanner.end()
    return { status: 'pass', reason: `${counted(members, 'member')}, to the end` }
  })
  return { archive: finding, index: noList(), contents: noList() }
}

async function foreignFacts (images: PlainImages, signal: AbortSignal): Promise<readonly Check[]> {
  const index: Finding = { status: 'fail', reason: 'the manifest does not have the facts of a directory' }
  return checksOf({ ...await inspectAlone(await images.open(MAIN, signal)), index, counts: noList() })
}

function noList (): Finding {
  return { status: 'skipped', reason: NO_LIST }
}

interface ListFindings {
  readonly index: Finding
  readonly counts: Finding
  readonly openList: OpenList
  /** Of the link whose archive this backup has. */
  readonly depth: number
}

async function inspectList (
  images: PlainImages,
  expected: DirectoryDetails,
  signal: AbortSignal
): Promise<ListFindings> {
  const counts = new ListCounts()
  const index = await judged(async () => {
    const rules = new ListRules(expected.depth)
    const hash = createHash('sha256')
    const list = Readable.from(digested(await images.open(FILES, signal), hash), { objectMode: false })
    for await (const entry of readEntries(list)) {
      rules.require(entry)
      counts.add(entry)
    }
    return hash.digest('hex') === expected.listSha256
      ? { status: 'pass' }
      : { status: 'fail', reason: 'the list of files is not the one of the manifest' }
  })
  const difference = counts.difference(expected)
  return {
    index,
    counts: index.status === 'fail'
      ? { status: 'skipped', reason: 'not reached, because index failed' }
      : difference === undefined
      ? countsPassed(counts, expected)
      : { status: 'fail', reason: difference },
    openList: async function* () {
      yield* readEntries(await images.open(FILES, signal))
    },
    depth: expected.depth
  }
}

async function* digested (stream: Readable, hash: Hash): AsyncGenerator<Buffer, void> {
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk)
    yield chunk
  }
}

async function inspectArchive (
  images: PlainImages,
  openList: OpenList,
  depth: number,
  signal: AbortSignal
): Promise<Readonly<Record<'archive' | 'index' | 'contents', Finding>>> {
  const result = noneJoined()
  const wrong = new Tally(NAMED)
  let [files, bytes] = [0, 0]
  const archive = await judged(async () => {
    let map: SparseMap | undefined
    for await (const joined of joinArchive(await images.open(MAIN, signal), openList, depth, result)) {
      const { entry } = joined
      if (joined.type === 'member') {
        map = sparseMapOf(entry)
      } else if (joined.type === 'data') {
        map?.write(joined.data)
        bytes += joined.data.length
      } else {
        map?.end()
        if (entry.type === 'file') files++
        if (joined.sha256 !== (entry.sha256 ?? null)) wrong.add(shownPath(entry.path))
      }
    }
    const others = result.ignored === 0 ? '' : `, ${result.ignored} of them not in the list`
    return { status: 'pass', reason: `${counted(result.joined + result.ignored, 'member')}, to the end${others}` }
  })
  if (archive.status === 'fail') {
    const reason = 'not reached, because archive failed'
    return { archive, index: { status: 'skipped', reason }, contents: { status: 'skipped', reason } }
  }
  return {
    archive,
    index: result.missing.count === 0
      ? { status: 'pass', reason: `entries in the archive: ${result.joined}` }
      : { status: 'fail', reason: `the archive ${lacking(result)}` },
    contents: wrong.count === 0
      ? { status: 'pass', reason: `${counted(files, 'file')}, ${counted(bytes, 'byte')}` }
      : {
        status: 'fail',
        reason: `the content of ${counted(wrong.count, 'file')} differs from the digest in the list: ${
          named(wrong, NAMED)
        }`
      }
  }
}

/** Damage is a finding; what keeps the check from being made is thrown. */
async function judged (check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check()
  } catch (error) {
    if (isDamage(error)) return { status: 'fail', reason: error.message }
    throw error
  }
}

/** Whether it shows damage of the backup, and not trouble of this machine or of a store. */
export function isDamage (error: unknown): error is Error {
  return error instanceof MalformedError ||
    (error instanceof BackupError && ['CHECKSUM_MISMATCH', 'DECODE_FAILED', 'BACKUP_INVALID'].includes(error.code))
}
