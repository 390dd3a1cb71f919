import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { COMPILE_CACHE } from './compile-cache.ts'

const MAIN = join(import.meta.dirname, '../../../src/cli/main.ts')

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface Started {
  readonly child: ChildProcess
  /** Everything that it wrote to standard error so far. */
  err(): string
  readonly ended: Promise<Ended>
}

/**
 * Starts `holdfast …` as a process of its own, with nothing in its environment but what is given. It is killed when the
 * test ends.
 */
export function startHoldfast (
  t: Pick<TestContext, 'after'>,
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {}
): Started {
  const coverage = process.env.NODE_V8_COVERAGE
  const env = { ...COMPILE_CACHE, ...environment, ...coverage === undefined ? {} : { NODE_V8_COVERAGE: coverage } }
  const child = spawn(process.execPath, [MAIN, ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => {
    child.kill('SIGKILL')
  })
  const told = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told.out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told.err += text
  })
  return {
    child,
    err: () => told.err,
    ended: once(child, 'close').then(([code]) => ({ code: code as number, ...told }))
  }
}

/** The same, to its end. */
export async function holdfast (
  words: readonly string[],
  cwd: string,
  environment: Readonly<Record<string, string>> = {}
): Promise<Ended> {
  return await startHoldfast({ after () {} }, words, cwd, environment).ended
}
