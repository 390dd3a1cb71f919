import { pathToFileURL } from 'node:url'
import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../../core/errors.ts'
import type { DiffOptions, Difference, Rescue, RescueOptions, TableDifference } from '../../../core/restore/rows.ts'
import { requireParent, runChild } from '../../child.ts'
import { sourceError } from '../errors.ts'
import { requireOneName } from '../one-name.ts'
import { openImmutable, openShared } from '../open.ts'
import { choose, chooseAgain, select, type Choice } from './choose.ts'
import { diffTables, namesToCompare } from './diff.ts'
import { extractRows } from './extract.ts'
import { openToRead, READ_TIMEOUT, transaction } from './live-read.ts'
import { RowPages } from './page.ts'
import type { RowsMessage, RowsTask } from './protocol.ts'
import { requirePassable, tell, writeRows } from './rescue.ts'

await runChild<RowsTask, RowsMessage>(async (task, send) => {
  const path = task.type === 'diff' ? task.after.path : task.type === 'extract' ? task.image : task.live
  try {
    await send(await work(task))
  } catch (error) {
    if (systemCode(error) === 'SQLITE_FULL') {
      throw new BackupError(
        'DISK_FULL',
        `the disk of "${path}" or of the scratch directory has no space for the rows`,
        { hint: 'Free space there, or choose fewer rows.', cause: error }
      )
    }
    throw sourceError(error, path)
  }
})

async function work (task: RowsTask): Promise<RowsMessage> {
  switch (task.type) {
    case 'diff':
      return { type: 'difference', difference: await diff(task.before, task.after, task.request) }
    case 'plan':
      return {
        type: 'rescue',
        rescue: await plan(task.image, task.live, task.request, (db, choice) => tell(db, choice))
      }
    case 'rescue':
      return { type: 'rescue', rescue: await rescue(task.image, task.live, task.request) }
    case 'extract':
      return { type: 'extracted', rows: extractRows(openImmutable(task.image), task.selection, task.file) }
  }
}

async function diff (
  before: string,
  { path, isLive }: { readonly path: string, readonly isLive: boolean },
  request: DiffOptions
): Promise<Difference> {
  if (!isLive) return diffTables(attached(openImmutable(path), before), request)
  const db = attached(await openToRead(path, READ_TIMEOUT), before)
  const inOneView = <T>(read: () => T): Promise<T> => transaction(db, 'BEGIN', path, READ_TIMEOUT, read)
  if (db.pragma('main.journal_mode', { simple: true }) === 'wal') return await inOneView(() => diffTables(db, request))
  // A reader would keep writers waiting: for no longer than one table takes.
  const tables: TableDifference[] = []
  const pages = new RowPages(request)
  const { skipped: known, names } = await inOneView(() => namesToCompare(db, request))
  const skipped = [...known]
  for (const name of names) {
    const one = await inOneView(() => diffTables(db, { ...request, tables: [name] }, pages))
    tables.push(...one.tables)
    skipped.push(...one.skipped)
  }
  return { tables, skipped }
}

async function plan<T> (
  image: string,
  live: string,
  request: RescueOptions,
  use: (db: Database.Database, choice: Choice) => T
): Promise<T> {
  const selected = select(openImmutable(image), request)
  const db = attached(await openToRead(live, request.timeout), image)
  return await transaction(db, 'BEGIN', live, request.timeout, () => use(db, choose(db, selected, request)))
}

async function rescue (image: string, live: string, request: RescueOptions): Promise<Rescue> {
  const first = await plan(image, live, request, (_db, choice) => choice)
  requirePassable(first)
  const db = attached(openShared(requireOneName(live), { readonly: false, busyTimeout: 0 }), image)
  db.pragma('main.synchronous = FULL')
  // Rows that refer to nothing in the backup either come back as they were.
  db.pragma(`foreign_keys = ${first.orphans === 0 ? 'ON' : 'OFF'}`)
  return await transaction(db, 'BEGIN IMMEDIATE', live, request.timeout, () => {
    db.pragma('defer_foreign_keys = ON')
    const last = chooseAgain(db, first, request)
    writeRows(last)
    requireParent()
    return tell(db, first, last)
  })
}

function attached (db: Database.Database, image: string): Database.Database {
  db.prepare('ATTACH ? AS backup').run(`${pathToFileURL(image).href}?immutable=1`)
  return db
}
