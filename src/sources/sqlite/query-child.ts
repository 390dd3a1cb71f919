import type Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../core/errors.ts'
import type { NamedFile } from '../../core/ports/query.ts'
import { shortened } from '../../core/shortened.ts'
import { IMAGE_FD, runChild } from '../child.ts'
import { resourceError, sourceError } from './errors.ts'
import { openImmutable } from './open.ts'
import type { QueryMessage, QueryTask } from './protocol.ts'
import { PATH_LIMIT, RecordWriter } from './query-record.ts'

const SHA256 = /^[0-9a-f]{64}$/i
/** Characters of a value or a message in an error. */
const SHOWN = 200

await runChild<QueryTask, QueryMessage>(async ({ path, sql }) => {
  const db = open(path)
  const writer = new RecordWriter(IMAGE_FD)
  try {
    let number = 0
    for (const row of prepare(db, sql).iterate()) writer.write(namedFile(row, ++number))
    writer.end()
  } catch (error) {
    throw queryError(error, path)
  } finally {
    db.close()
  }
})

function open (path: string): Database.Database {
  try {
    return openImmutable(path)
  } catch (error) {
    throw sourceError(error, path)
  }
}

/** A row of the result: the type of the path in SQLite, the path, and the digest. */
type Row = readonly [type: unknown, path: unknown, sha256?: unknown]

function prepare (db: Database.Database, sql: string): { iterate(): Iterable<Row> } {
  const given = db.prepare<[], unknown[]>(sql)
  if (!given.reader || !given.readonly) throw failed('writes, or returns nothing')
  const columns = given.columns().length
  if (columns > 2) throw failed(`returns ${columns} columns; expected a path, and optionally a SHA-256`)
  const bytes = withBytes(db, sql, columns)?.raw().safeIntegers()
  if (bytes !== undefined) return { iterate: () => bytes.iterate() as Iterable<Row> }
  given.raw().safeIntegers()
  return {
    *iterate () {
      for (const [path, sha256] of given.iterate()) {
        yield [typeof path === 'string' ? 'text' : Buffer.isBuffer(path) ? 'blob' : 'number', path, sha256]
      }
    }
  }
}

/**
 * The same query with the bytes of the text, which need not be UTF-8; undefined: the query cannot be written within
 * another one, or the texts of the database are UTF-16.
 */
function withBytes (
  db: Database.Database,
  sql: string,
  columns: number
): Database.Statement<[], unknown[]> | undefined {
  if (db.pragma('encoding', { simple: true }) !== 'UTF-8') return undefined
  const names = columns === 2 ? 'path, sha256' : 'path'
  try {
    return db.prepare(
      `WITH named (${names}) AS (\n${sql.replace(/;\s*$/, '')}\n) SELECT typeof(path), CAST(path AS BLOB)${
        columns === 2 ? ', sha256' : ''
      } FROM named`
    )
  } catch {
    return undefined
  }
}

function namedFile ([type, path, sha256]: Row, number: number): NamedFile {
  if (path === null) return { path: null, sha256: null }
  const bytes = typeof path === 'string' ? Buffer.from(path) : path
  if (!Buffer.isBuffer(bytes) || (type !== 'text' && type !== 'blob')) {
    throw failed(`returns a number instead of a path in row ${number}`)
  }
  if (bytes.length > PATH_LIMIT) throw failed(`returns a path of ${bytes.length} bytes in row ${number}`)
  if (sha256 === undefined || sha256 === null) return { path: bytes, sha256: null }
  if (typeof sha256 === 'string' && SHA256.test(sha256)) return { path: bytes, sha256: sha256.toLowerCase() }
  const shown = typeof sha256 === 'string' ? `"${shortened(sha256, SHOWN)}"` : 'no text'
  throw failed(`returns ${shown} instead of a SHA-256 in hex in the second column of row ${number}`)
}

function failed (problem: string, cause?: unknown): BackupError {
  return new BackupError('QUERY_FAILED', `the query ${problem}`, {
    hint: 'Correct the query: it returns a path, and optionally the SHA-256 of the file in hex.',
    ...cause !== undefined && { cause }
  })
}

/** What SQLite and its binding report about the query, or about the database. */
function queryError (error: unknown, path: string): unknown {
  const code = systemCode(error) ?? ''
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB') || code.startsWith('SQLITE_IOERR_READ')) {
    return sourceError(error, path)
  }
  const resource = resourceError(error, 'the query')
  if (resource !== undefined) return resource
  if (code.startsWith('SQLITE_') || error instanceof RangeError || error instanceof TypeError) {
    return failed(`failed: ${shortened((error as Error).message, SHOWN)}`, error)
  }
  return error
}
