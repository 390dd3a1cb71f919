import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'

/** Accounts whose balances always add up to the same, whatever is transferred: a sum that is off is a torn image. */
export const ACCOUNTS = 1000
export const TOTAL = ACCOUNTS * 1000

export interface MoneyOptions {
  readonly journalMode?: 'wal' | 'delete' | 'truncate' | 'persist'
  readonly pageSize?: number
  /** Rows of ballast, about 100 bytes each. */
  readonly entries?: number
}

/** Makes the database at `path` and closes it again. */
export function makeMoney (
  path: string,
  { journalMode = 'wal', pageSize = 4096, entries = 50_000 }: MoneyOptions = {}
): void {
  const db = new Database(path)
  db.pragma(`page_size = ${pageSize}`)
  db.pragma(`journal_mode = ${journalMode}`)
  db.pragma('synchronous = off')
  makeAccounts(db)
  db.exec(`
    CREATE TABLE entry (id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account (id), note TEXT, amount INTEGER);
    CREATE INDEX entry_amount ON entry (amount);
  `)
  const entry = db.prepare('INSERT INTO entry (account, note, amount) VALUES (?, ?, ?)')
  db.transaction(() => {
    for (let i = 0; i < entries; i++) {
      entry.run(i % ACCOUNTS + 1, `entry ${i} ${'of the ledger '.repeat(4)}${i * 7919 % 10_007}`, i * 31 % 1009)
    }
  })()
  db.close()
}

/** Makes the table of the accounts, with their balances. */
export function makeAccounts (db: Database.Database): void {
  db.transaction(() => {
    db.exec('CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)')
    const account = db.prepare('INSERT INTO account (balance) VALUES (1000)')
    for (let i = 0; i < ACCOUNTS; i++) account.run()
  })()
}

/** What is left of the promise in the database at `path`: its sum, and whether SQLite finds it whole. */
export function readMoney (path: string): { readonly sum: number, readonly integrity: unknown } {
  const db = new Database(path)
  try {
    return {
      sum: db.prepare<[], number>('SELECT sum(balance) FROM account').pluck().get() ?? 0,
      integrity: db.pragma('integrity_check', { simple: true })
    }
  } finally {
    db.close()
  }
}

export interface WriterReport {
  readonly commits: number
  readonly errors: readonly string[]
  /** Milliseconds that the slowest commit took. */
  readonly longest: number
}

export interface Writer {
  /** Ends the writer after its present transaction. */
  stop(): Promise<WriterReport>
}

/**
 * Starts a process that transfers money, as fast as it can or `perSecond` times a second; resolves after its first
 * commit.
 */
export async function startWriter (t: Pick<TestContext, 'after'>, path: string, perSecond?: number): Promise<Writer> {
  const child = spawn(process.execPath, [
    new URL('./money-writer.ts', import.meta.url).pathname,
    path,
    ...perSecond === undefined ? [] : [String(perSecond)]
  ], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  t.after(() => {
    child.kill('SIGKILL')
  })
  let output = ''
  const started = Promise.withResolvers<undefined>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    if (output.includes('\n')) started.resolve(undefined)
  })
  void exited.then(() => {
    started.reject(new Error('the writer ended before its first commit'))
  })
  await started.promise
  return {
    async stop () {
      child.kill('SIGTERM')
      await exited
      return JSON.parse(output.slice(output.indexOf('\n'))) as WriterReport
    }
  }
}
