import { closeSync, copyFileSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import type { Placed } from '../../core/restore/restore.ts'
import { runChild } from '../child.ts'
import { checkHeader } from './header.ts'
import { holdersOf } from './holders.ts'
import { requireOneName } from './one-name.ts'
import { checkFile, placeFile } from './restore-file.ts'
import { checkLive, inspectLive, restoreLive } from './restore-live.ts'
import { restoreError } from './rights.ts'
import type { CheckTask, PlaceTask, RestoreMessage, RestoreTask } from './restore-protocol.ts'
import { checkReplace, replaceFile } from './restore-replace.ts'

/** File format write and read version: 1 is the rollback journal, 2 is WAL. https://sqlite.org/fileformat2.html */
const VERSIONS_AT = 18
const ROLLBACK = Buffer.from([1, 1])

await runChild<RestoreTask, RestoreMessage>(async (task, send) => {
  if (task.type === 'holders') {
    await send({ type: 'held', holders: holdersOf(task.path).filter(({ pid }) => pid !== process.ppid) })
    return
  }
  try {
    // A file of its own takes nothing from the other names of one that is there.
    if (task.placement.mode !== 'file') requireOneName(task.placement.path)
    if (task.type === 'check') {
      check(task)
      await send({ type: 'checked' })
    } else {
      const bytes = statSync(task.image.path).size
      const placed = await place(task, done => {
        void send({ type: 'progress', bytes: done })
      })
      await send({ type: 'placed', bytes, ...placed })
      if (task.placement.mode === 'live') await send({ type: 'inspected', ...inspectLive(task.placement) })
    }
  } catch (error) {
    throw restoreError(error, task.placement.path)
  }
})

function check ({ image, placement }: CheckTask): void {
  if (placement.mode === 'live') checkLive(image, placement)
  else if (placement.mode === 'replace') checkReplace(image, placement)
  else checkFile(image, placement)
}

/** Whether an old file was kept, and what went wrong after the content was in its place. */
async function place (
  task: PlaceTask,
  onBytes: (bytes: number) => void
): Promise<Pick<Placed, 'isOldKept' | 'warnings'>> {
  const { image, placement } = task
  if (placement.mode === 'replace') return replaceFile(image, placement, onBytes)
  const warnings = placement.mode === 'live'
    ? await restoreLive(fitting(task), placement, onBytes)
    : placeFile(image, placement, onBytes)
  return { isOldKept: false, warnings }
}

/**
 * An image taken in WAL mode would switch a live database to WAL that its application keeps in rollback-journal mode:
 * then a copy of the image is restored that says otherwise.
 */
function fitting ({ image, placement, scratch }: PlaceTask): string {
  if (!isWal(image.path) || isWal(placement.path)) return image.path
  copyFileSync(image.path, scratch)
  const fd = openSync(scratch, 'r+')
  writeSync(fd, ROLLBACK, 0, ROLLBACK.length, VERSIONS_AT)
  closeSync(fd)
  process.on('exit', () => {
    rmSync(scratch, { force: true })
  })
  return scratch
}

/** This process has no connection to the file yet, so that closing a descriptor of it drops no lock. */
function isWal (path: string): boolean {
  const fd = openSync(path, 'r')
  try {
    return checkHeader(fd, path).isWal
  } finally {
    closeSync(fd)
  }
}
