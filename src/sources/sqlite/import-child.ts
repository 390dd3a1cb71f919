import { openSync } from 'node:fs'
import { BackupError, systemCode } from '../../core/errors.ts'
import { shortened } from '../../core/shortened.ts'
import { runChild } from '../child.ts'
import { sourceError } from './errors.ts'
import { checkHeader } from './header.ts'
import { checkIntegrity } from './integrity.ts'
import { openImmutable, openShared } from './open.ts'
import type { ImportMessage, ImportTask } from './protocol.ts'
import { runSql } from './run-sql.ts'

/** Characters of the findings of the integrity check that an error quotes. */
const REASON = 300
const HINT = 'Import another file. "holdfast salvage" writes the readable rows of a damaged database to a new one.'

/** Makes a whole database of what is imported, all of it files of this process alone. */
await runChild<ImportTask, ImportMessage>(async ({ path, sql, name, hasLog }, send) => {
  try {
    if (sql === null) checkHeader(openSync(path, 'r'), name)
    else runSql(sql, path, name)
    if (hasLog) foldIn(path)
    requireWhole(path, name)
    await send({ type: 'prepared' })
  } catch (error) {
    throw asImportError(error, name)
  }
})

/** SQLite itself applies the write-ahead log, or rolls back what the journal shows to be unfinished. */
function foldIn (path: string): void {
  const db = openShared(path, { readonly: false, busyTimeout: 0 })
  db.prepare('SELECT count(*) FROM sqlite_schema').get()
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
}

function requireWhole (path: string, name: string): void {
  const db = openImmutable(path)
  const { structural } = checkIntegrity(db, 'integrity_check')
  db.close()
  if (structural.length > 0) throw damaged(name, shortened(structural.join('; ').replaceAll('\n', ' '), REASON))
}

/** Damage is a reason to refuse the file, and no failure of the source. */
function asImportError (error: unknown, name: string): unknown {
  if (error instanceof BackupError && !error.code.startsWith('SOURCE_')) return error
  const found = sourceError(error, name)
  if (['SOURCE_MALFORMED', 'SOURCE_NOT_A_DATABASE', 'SOURCE_EMPTY', 'SOURCE_ENCRYPTED'].includes(found.code)) {
    return new BackupError('IMPORT_REFUSED', found.message, { hint: HINT, cause: error })
  }
  return systemCode(error)?.startsWith('SQLITE_CORRUPT') === true ? damaged(name, found.message) : found
}

function damaged (name: string, reason: string): BackupError {
  return new BackupError('IMPORT_REFUSED', `"${name}" is damaged: ${reason}`, { hint: HINT })
}
