import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { ACCOUNTS, makeAccounts } from './money.ts'

/**
 * An application that adds payloads, each file before its row, and removes old ones as fast as it can, in turn the row
 * before the file and the file before the row; the row of each new one is in a transaction that transfers money. Its
 * argument is its directory. While there is a file `hold` in it, it does nothing, and has made a file `held`. After
 * SIGUSR1 it removes nothing more. Standard output gets a line when it has begun, and when it has stopped removing.
 */
const [home = ''] = process.argv.slice(2)
const db = new Database(join(home, 'audit.db'), { timeout: 15_000 })
db.pragma('synchronous = normal')
makeAccounts(db)
const insert = db.prepare('INSERT INTO call (payload) VALUES (?)')
const move = db.prepare<[number, number]>('UPDATE account SET balance = balance + ? WHERE id = ?')
const remove = db.prepare<[string]>('DELETE FROM call WHERE payload = ?')
/** Payloads that are there, the oldest first. */
const names: string[] = []
/** So many are there while it removes. */
const KEPT = 100
/** Milliseconds between two that are added, while it only adds. */
const PAUSE = 5
let [added, removed] = [0, 0]
let isAddingOnly = false

function pathOf (name: string): string {
  return join(home, 'payloads', name)
}

const record = db.transaction((name: string) => {
  insert.run(name)
  move.run(-7, added * 17 % ACCOUNTS + 1)
  move.run(7, added * 29 % ACCOUNTS + 1)
})

function add (): void {
  const name = `${added++}.json`
  writeFileSync(pathOf(name), name)
  record.immediate(name)
  names.push(name)
}

function removeOldest (): void {
  const name = names.shift()
  if (name === undefined) return
  const steps = [() => remove.run(name), () => rmSync(pathOf(name))]
  for (const step of removed++ % 2 === 0 ? steps : steps.toReversed()) step()
}

function work (): void {
  const held = join(home, 'held')
  if (existsSync(join(home, 'hold'))) {
    writeFileSync(held, '')
    setTimeout(work, PAUSE)
    return
  }
  rmSync(held, { force: true })
  add()
  if (isAddingOnly) {
    setTimeout(work, PAUSE)
    return
  }
  if (names.length > KEPT) removeOldest()
  setImmediate(work)
}

process.once('SIGUSR1', () => {
  isAddingOnly = true
  process.stdout.write('adding\n')
})
while (names.length < KEPT) add()
process.stdout.write('writing\n')
work()
