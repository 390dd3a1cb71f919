import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs `holdfast …` as a process of its own, with nothing in its environment but what is given. */
export async function holdfast (words: readonly string[], cwd: string, environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const coverage = process.env.NODE_V8_COVERAGE
  const env = { ...environment, ...coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage } }
  const child = spawn(process.execPath, [MAIN, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, out, err }
}
