import Database from 'better-sqlite3'
import { ACCOUNTS } from './money.ts'

/**
 * The second process: moves money between two accounts in each transaction, as fast as it can or so many times a
 * second, until it is told to end.
 */
const db = new Database(process.argv[2], { timeout: 15_000 })
const perSecond = Number(process.argv[3] ?? Number.POSITIVE_INFINITY)
db.pragma('synchronous = normal')
const move = db.prepare('UPDATE account SET balance = balance + ? WHERE id = ?')
const note = db.prepare('INSERT INTO entry (account, note, amount) VALUES (?, ?, ?)')
const errors: string[] = []
let commits = 0
let longest = 0
let isEnding = false
const begun = performance.now()

const transfer = db.transaction((from: number, to: number) => {
  move.run(-7, from)
  move.run(7, to)
  note.run(from, `moved to ${to}`, 7)
})

function work (): void {
  const until = performance.now() + 20
  while (performance.now() < until && commits + errors.length <= (performance.now() - begun) / 1000 * perSecond) {
    const startedAt = performance.now()
    try {
      transfer.immediate(commits * 17 % ACCOUNTS + 1, commits * 29 % ACCOUNTS + 1)
      if (++commits === 1) process.stdout.write('writing\n')
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error))
    }
    longest = Math.max(longest, performance.now() - startedAt)
  }
  if (!isEnding) {
    if (perSecond === Number.POSITIVE_INFINITY) setImmediate(work)
    else setTimeout(work, 1)
    return
  }
  db.close()
  process.stdout.write(JSON.stringify({ commits, errors, longest: Math.round(longest) }))
}

process.once('SIGTERM', () => {
  isEnding = true
})
work()
