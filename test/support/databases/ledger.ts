import { createCipheriv, createHash } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'
import type { Source } from '../../../src/core/ports/source.ts'
import { sqliteSource } from '../../../src/sources/sqlite/sqlite-source.ts'
import { tempDir } from '../temp-dir.ts'

const WORDS =
  'the of and to in that was for on with order paid customer invoice returned shipped please thanks monday address street box'
    .split(' ')

const SCHEMA = `
  CREATE TABLE letter (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE "order" (id INTEGER PRIMARY KEY, customer INTEGER NOT NULL, total INTEGER NOT NULL);
  CREATE INDEX order_of_customer ON "order" (customer);
`

export interface Ledger {
  readonly path: string
  readonly source: Source
  readonly sql: (text: string) => void
}

/** Rows of each table in the beginning. */
export const LEDGER_ROWS = 3000

/**
 * A database of a megabyte that is as dense as those of real life: letters in words, orders in numbers. `from`: a copy
 * of this one.
 */
export function ledgerDatabase (t: Pick<TestContext, 'after'>, { from }: { readonly from?: string } = {}): Ledger {
  const home = tempDir(t)
  const path = join(home, 'ledger.db')
  const sql = (text: string): void => {
    const db = new Database(path)
    db.function('letter', { deterministic: true }, (seed: unknown) => letter(Number(seed)))
    db.function('sealed', { deterministic: true }, (text: unknown) => sealed(String(text)))
    db.function('sealed_hex', { deterministic: true }, (text: unknown) => sealed(String(text)).toString('hex'))
    db.function('sealed_base64', { deterministic: true }, (text: unknown) => sealed(String(text)).toString('base64'))
    try {
      db.exec(text)
    } finally {
      db.close()
    }
  }
  if (from === undefined) sql(`${SCHEMA} ${grow(0, LEDGER_ROWS)}`)
  else copyFileSync(from, path)
  return { path, source: sqliteSource({ name: 'ledger', path, busyTimeout: 5000, scratchDir: home }), sql }
}

/** Adds rows to both tables. */
export function grow (from: number, count: number): string {
  return ['INSERT INTO letter SELECT i, letter(i)', 'INSERT INTO "order" SELECT i, i * 7919 % 1009, i * 31 % 9973']
    .map(insert =>
      `WITH RECURSIVE n (i) AS (SELECT ${from + 1} UNION ALL SELECT i + 1 FROM n WHERE i < ${
        from + count
      }) ${insert} FROM n;`
    ).join('\n')
}

function letter (seed: number): string {
  let state = seed * 2_654_435_761 % 4_294_967_296
  return Array.from({ length: 60 }, () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return WORDS[Math.floor(state / 4_294_967_296 * WORDS.length)]
  }).join(' ')
}

/** As whoever holds a database to ransom would do it. */
function sealed (text: string): Buffer {
  const digest = createHash('sha256').update(text).digest()
  return createCipheriv('aes-256-ctr', digest, digest.subarray(0, 16)).update(text)
}
