import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../../core/errors.ts'
import type { RowSelection } from '../../../core/restore/rows.ts'
import { openFolder, type Folder } from '../../../files/folder.ts'
import { chosenRows } from './condition.ts'
import { quote, readTables, requireTable } from './tables.ts'
import type { SqlValue } from './value.ts'

/** Bytes that are gathered before they are written. */
const CHUNK = 1024 * 1024

/**
 * Writes the rows to a new file as CSV (RFC 4180, UTF-8, a line with the names first): null is an empty field, an empty
 * text `""`, bytes are `x'00ff'`. Returns how many; leaves no file when it throws.
 */
export function extractRows (image: Database.Database, { table: name, where }: RowSelection, file: string): number {
  const { tables } = readTables(image, 'main')
  const table = requireTable(tables, name, 'the backup')
  const { folder, fd } = create(file)
  try {
    let rows = 0
    let text = csvLine(table.columns)
    for (const values of chosenRows(image, table, where, table.columns.map(quote).join(', '))) {
      text += csvLine(values)
      rows++
      if (text.length < CHUNK) continue
      writeSync(fd, text)
      text = ''
    }
    writeSync(fd, text)
    closeSync(fd)
    return rows
  } catch (error) {
    rmSync(folder.at(basename(file)), { force: true })
    throw error
  } finally {
    folder.close()
  }
}

/** The new file, and its folder, which is held open. */
function create (file: string): { readonly folder: Folder, readonly fd: number } {
  let folder: Folder | undefined
  try {
    folder = openFolder(dirname(file))
    return { folder, fd: openSync(folder.at(basename(file)), 'wx', 0o600) }
  } catch (error) {
    folder?.close()
    if (systemCode(error) === 'EEXIST') {
      throw new BackupError('RESTORE_TARGET_EXISTS', `"${file}" exists`, { hint: 'Choose another path.' })
    }
    if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS'].includes(systemCode(error) ?? '')) {
      throw new BackupError('RESTORE_TARGET_INVALID', `"${file}" cannot be written`, {
        hint: 'Give a path in an existing directory in which this user has write permission.',
        cause: error
      })
    }
    throw error
  }
}

export function csvLine (values: readonly SqlValue[]): string {
  return `${values.map(field).join(',')}\r\n`
}

function field (value: SqlValue): string {
  if (value === null) return ''
  if (Buffer.isBuffer(value)) return `x'${value.toString('hex')}'`
  const text = String(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
