import { closeSync, openSync, readSync } from 'node:fs'
import { TextDecoder } from 'node:util'
import Database from 'better-sqlite3'
import { BackupError, systemCode } from '../../core/errors.ts'
import { shortened } from '../../core/shortened.ts'
import { resourceError } from './errors.ts'
import { SqlStatements, STATEMENT_LIMIT, type Statement } from './sql-statements.ts'

const CHUNK = 1024 * 1024
/** Characters of the message of SQLite, which quotes names of the dump. */
const REASON = 500
/** What a dump may set: what the shell of SQLite writes, and what its users add for their databases. */
const PRAGMA =
  /^\s*pragma\s+(?:foreign_keys|writable_schema|user_version|application_id|encoding|page_size|auto_vacuum)\s*=\s*['"]?[\w-]+['"]?\s*;\s*$/i
/** What other statements of a dump begin with. None of these reads or writes another file. */
const ALLOWED = new Set(['BEGIN', 'COMMIT', 'END', 'CREATE', 'INSERT', 'REPLACE', 'DELETE', 'ANALYZE'])
const OF_SQLITE =
  'Import what "sqlite3 DATABASE .dump" writes: it has only statements that define tables and fill them.'
const BY_HAND = 'Make a database of it with "sqlite3 new.db < file.sql", look at the messages, and import new.db.'

/**
 * Runs the dump at `path`, as `sqlite3 DATABASE .dump` writes it, in the new database `fresh`. `name` is the file that
 * is imported, for messages. Throws `IMPORT_REFUSED` for a dump that was cut off or has an error, and for a statement
 * that no dump has; `IMPORT_UNSUPPORTED` for a dump of another program. Then `fresh` may have any content.
 */
export function runSql (path: string, fresh: string, name: string): void {
  const db = new Database(fresh)
  try {
    db.pragma('journal_mode = OFF')
    db.pragma('synchronous = OFF')
    db.pragma('foreign_keys = OFF')
    const dump = new Dump(db, name)
    const statements = new SqlStatements(statement => {
      dump.run(statement)
    })
    forEachChunk(path, chunk => {
      dump.look(chunk)
      statements.write(chunk)
    })
    if (statements.end()) throw cutOff(name)
    dump.finish()
  } catch (error) {
    if (error instanceof RangeError) {
      throw refused(name, `has a statement of more than ${STATEMENT_LIMIT} bytes`, BY_HAND)
    }
    if (error instanceof BackupError || systemCode(error)?.startsWith('SQLITE_') !== true) throw error
    throw resourceError(error, `running "${name}"`) ??
      refused(name, `has a statement that SQLite rejects: ${shortened((error as Error).message, REASON)}`, BY_HAND)
  } finally {
    db.close()
  }
}

class Dump {
  readonly #db: Database.Database
  readonly #name: string
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #isFirst = true
  #count = 0
  #isOpen = false

  constructor (db: Database.Database, name: string) {
    this.#db = db
    this.#name = name
  }

  /** Recognizes dumps of other programs by the comment that they begin with. */
  look (chunk: Buffer): void {
    if (!this.#isFirst) return
    this.#isFirst = false
    const [, program] = /^(?:--[^\n]*\n|\s)*-- (PostgreSQL|MySQL|MariaDB) (?:database )?(?:cluster )?dump/
      .exec(chunk.toString('latin1', 0, 4096)) ?? []
    if (program === undefined) return
    throw new BackupError('IMPORT_UNSUPPORTED', `"${this.#name}" is a ${program} dump, and not one of SQLite`, {
      hint: 'Keep the file: no kind of source of this version can import it.'
    })
  }

  run ({ bytes, words: [first = ''] }: Statement): void {
    const sql = this.#text(bytes)
    if (first === 'ROLLBACK') {
      throw refused(
        this.#name,
        'ends with ROLLBACK: the database was damaged when the dump was made, and rows are missing',
        'Import an older file. "holdfast salvage" writes the readable rows of a damaged database to a new one.'
      )
    }
    if (first === 'PRAGMA' ? !PRAGMA.test(sql) : !ALLOWED.has(first)) {
      throw refused(this.#name, `has a statement that begins with "${first}", which no dump of SQLite has`, OF_SQLITE)
    }
    if (first === 'BEGIN') this.#isOpen = true
    if (first === 'COMMIT' || first === 'END') this.#isOpen = false
    // The definition of a virtual table is a row of the schema in a dump.
    if (first === 'PRAGMA' && /writable_schema/i.test(sql)) this.#db.unsafeMode(true)
    this.#db.exec(sql)
    this.#count++
  }

  finish (): void {
    if (this.#isOpen) throw cutOff(this.#name)
    if (this.#count === 0) throw refused(this.#name, 'has no SQL statements', 'Import another file.')
  }

  #text (bytes: Buffer): string {
    try {
      return this.#decoder.decode(bytes)
    } catch {
      throw refused(this.#name, 'has text that is not valid UTF-8', BY_HAND)
    }
  }
}

function forEachChunk (path: string, use: (chunk: Buffer) => void): void {
  const fd = openSync(path, 'r')
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK)
      const length = readSync(fd, chunk)
      if (length === 0) return
      use(chunk.subarray(0, length))
    }
  } finally {
    closeSync(fd)
  }
}

function cutOff (name: string): BackupError {
  return refused(name, 'ends before its COMMIT: the dump was cut off', 'Import another file.')
}

function refused (name: string, problem: string, hint: string): BackupError {
  return new BackupError('IMPORT_REFUSED', `"${name}" ${problem}`, { hint })
}
