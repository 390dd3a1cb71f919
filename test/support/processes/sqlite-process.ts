import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'

const PROGRAM = `
  const Database = require(process.argv[1])
  const database = new Database(process.argv[2])
  database.exec(process.argv[3])
  process.stdout.write('done\\n')
  process.stdin.resume()
`

/**
 * Another process that runs `sql` on the database and then keeps its connection open until the test ends or `stop`
 * kills it with SIGKILL.
 */
export async function sqliteProcess (
  t: Pick<TestContext, 'after'>,
  path: string,
  sql: string
): Promise<{ readonly pid: number, stop(): Promise<void> }> {
  const library = createRequire(import.meta.url).resolve('better-sqlite3')
  const child = spawn(process.execPath, ['-e', PROGRAM, library, path, sql], { stdio: ['pipe', 'pipe', 'inherit'] })
  const stop = (): Promise<void> => kill(child)
  t.after(stop)
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => {
      throw new Error('the other process ended early')
    })
  ])
  return { pid: child.pid!, stop }
}

export async function kill (child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
