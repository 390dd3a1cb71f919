import { constants, openSync, statSync, unlinkSync, type Stats } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { BackupError, systemCode } from '../../core/errors.ts'
import { CONSTRAINT_VIOLATIONS, NOT_COUNTED, type SnapshotFacts } from '../../core/ports/source.ts'
import { IMAGE_FD as OUT, runChild, sibling } from '../child.ts'
import { sourceError } from './errors.ts'
import { pragma, readFacts } from './facts.ts'
import { checkHeader } from './header.ts'
import { requireInUse, requireOneName } from './one-name.ts'
import { openImmutable } from './open.ts'
import { requireAt } from './opened.ts'
import type { PageWork } from './page-worker.ts'
import { readFully, type PageSource } from './pages.ts'
import type { SnapshotMessage, SnapshotTask } from './protocol.ts'
import { copyAside, lacksIndex, unname } from './read-only.ts'
import { openReadView, type ReadView } from './read-view.ts'
import { ownership } from './rights.ts'
import { disagreement } from './wal.ts'

/**
 * https://sqlite.org/fileformat2.html, "The Database Header": its bytes, and where it has values that SQLite tells of
 * its transaction.
 */
const HEADER = 100
const TOLD = [['schema_version', 40], ['user_version', 60], ['application_id', 68]] as const

await runChild<SnapshotTask, SnapshotMessage>(async (task, send) => {
  try {
    const path = requireOneName(task.path)
    if (!statSync(path).isFile()) {
      throw new BackupError('SOURCE_NOT_A_DATABASE', `"${task.path}" is not a regular file`, {
        hint: 'Set the path of the source to the database file.'
      })
    }
    requireInUse(path)
    // Open until this process ends: closing it would drop the locks of the connection below.
    const mainFd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    requireAt(mainFd, path)
    const opened = checkHeader(mainFd, task.path)
    const { view, image } = openImage(path, mainFd, opened.isWal, task)
    checkIdentity(task.path, opened.stats)
    requireSameHeader(view.db, image)
    await send({ type: 'started', size: image.pages * image.pageSize })
    const facts = view.wal === null ? await copyThenSend(view, image, task.scratch) : await sendDirectly(view, image)
    checkIdentity(task.path, opened.stats)
    await send({
      type: 'facts',
      facts: {
        ...facts,
        properties: { ...facts.properties, [CONSTRAINT_VIOLATIONS]: NOT_COUNTED, ...ownership(opened.stats) }
      }
    })
  } catch (error) {
    throw sourceError(error, task.path)
  }
})

/**
 * What SQLite reads, and the same by its files. On a read-only file system that lacks what SQLite needs, both are those
 * of a copy.
 */
function openImage (
  path: string,
  mainFd: number,
  isWal: boolean,
  { busyTimeout, scratch }: SnapshotTask
): { readonly view: ReadView, readonly image: PageSource } {
  try {
    const view = openReadView(path, isWal, busyTimeout)
    return { view, image: imageOf(view, path, mainFd) }
  } catch (error) {
    // One that somebody holds exclusively is told as such before this.
    if (!isWal || !/^SQLITE_(READONLY|CANTOPEN)/.test(systemCode(error) ?? '') || !lacksIndex(path)) throw error
  }
  try {
    const copyFd = copyAside(path, mainFd, scratch)
    const view = openReadView(scratch, isWal, busyTimeout)
    return { view, image: imageOf(view, scratch, copyFd) }
  } finally {
    unname(scratch)
  }
}

function imageOf ({ db, wal }: ReadView, path: string, mainFd: number): PageSource {
  const base = { path, mainFd, walFd: null, walOffsets: new Map<number, number>() }
  // The index of an empty WAL does not know the sizes either.
  if (wal === null || wal.pages === 0) {
    return { ...base, pageSize: Number(pragma(db, 'page_size')), pages: Number(pragma(db, 'page_count')) }
  }
  const { pageSize, pages, frames } = wal
  return { ...base, pageSize, pages, ...frames === null ? {} : { walFd: frames.fd, walOffsets: frames.offsets } }
}

/** Throws `SOURCE_FAILED` unless the header of the image is the one that the transaction sees. */
function requireSameHeader (db: ReadView['db'], { path, mainFd, walFd, walOffsets }: PageSource): void {
  const header = Buffer.alloc(HEADER)
  const offset = walOffsets.get(1)
  if (walFd === null || offset === undefined) readFully(mainFd, header, 0)
  else readFully(walFd, header, offset)
  if (TOLD.some(([name, at]) => pragma(db, name) !== header.readInt32BE(at))) throw disagreement(path)
}

/** WAL mode: readers hinder nobody, so the pages go out while the transaction is open and rows are counted in it. */
async function sendDirectly (view: ReadView, image: PageSource): Promise<SnapshotFacts> {
  const sent = movePages({ pages: image, outFd: OUT, close: false })
  sent.catch(() => {})
  const facts = readFacts(view.db, view.journalMode)
  await sent
  view.wal?.requireUnchanged()
  view.db.exec('COMMIT')
  view.db.close()
  return facts
}

/**
 * Rollback-journal mode: a reader stalls writers, so the file is copied at full speed and the lock let go; what follows
 * is done on the copy, which loses its name at once, so that nothing of it can stay behind.
 */
async function copyThenSend (view: ReadView, image: PageSource, scratch: string): Promise<SnapshotFacts> {
  const copyFd = openSync(scratch, 'wx+', 0o600)
  try {
    await movePages({ pages: image, outFd: copyFd, close: false })
    view.db.exec('COMMIT')
    view.db.close()
    const copy = openImmutable(scratch)
    unlinkSync(scratch)
    const sent = movePages({ pages: { ...image, mainFd: copyFd }, outFd: OUT, close: false })
    sent.catch(() => {})
    const facts = readFacts(copy, view.journalMode)
    await sent
    copy.close()
    return facts
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') unlinkIfThere(scratch)
    throw error
  }
}

function unlinkIfThere (path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error
  }
}

function movePages (work: PageWork): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(sibling(import.meta.url, 'page-worker'), {
      workerData: work,
      execArgv: [],
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 }
    })
    worker.once('message', () => {
      resolve()
    })
    worker.once('error', reject)
    worker.once('exit', () => {
      reject(
        new BackupError('SOURCE_FAILED', 'the thread that copies pages ended early', {
          hint: 'Retry, and check the memory limit of the service.'
        })
      )
    })
  })
}

/**
 * The name must still lead to the file that was opened; otherwise the image shows what the application no longer uses.
 */
function checkIdentity (path: string, opened: Stats): void {
  const now = statSync(path, { throwIfNoEntry: false })
  if (now?.ino === opened.ino && now.dev === opened.dev) return
  throw new BackupError(
    'SOURCE_REPLACED',
    `"${path}" was ${now === undefined ? 'removed' : 'replaced by another file'} during the backup`,
    { hint: 'Retry when the process that replaces the database has finished.' }
  )
}
