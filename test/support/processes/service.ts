import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { COMPILE_CACHE } from './compile-cache.ts'

const ROOT = join(import.meta.dirname, '../../..')
/** What `npm start` runs, word for word, with the paths made absolute. */
const START = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } }).scripts
  .start.split(' ')
const WORDS = START.slice(START.indexOf('node') + 1).map(word => word.startsWith('bin/') ? join(ROOT, word) : word)
const SETTINGS = Object.fromEntries(START.slice(0, START.indexOf('node')).map(word => word.split('=')))
/** A secret of the tests' own, so that they can sign what they like. */
export const SECRET = 'a secret for the tests alone, long enough'

export interface Answer {
  readonly status: number
  // The tests look at what they expect to be there, and fail where it is not.
  readonly body: any
}

/** The service as its users run it: a process of its own, spoken to over HTTP. */
export interface Service {
  readonly url: string
  readonly child: ChildProcess
  /** Everything that it logged. */
  log(): string
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  kill(signal: NodeJS.Signals): Promise<number | null>
}

/**
 * Starts the service in `home` and waits until it listens. It is killed when the test ends. `openFiles`: how many files
 * it may have open.
 */
export async function startService (
  t: Pick<TestContext, 'after'>,
  home: string,
  environment: Readonly<Record<string, string>>,
  token: string,
  { openFiles }: { readonly openFiles?: number } = {}
): Promise<Service> {
  const [command, ...words] = [
    ...openFiles === undefined ? [] : ['/bin/sh', '-c', 'ulimit -n "$0" && exec "$@"', String(openFiles)],
    process.execPath,
    ...WORDS
  ] as [string, ...string[]]
  const child = spawn(command, words, {
    cwd: home,
    env: { ...COMPILE_CACHE, ...SETTINGS, PORT: '0', JWT_SECRET: SECRET, RATE_LIMIT_PER_MINUTE: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  t.after(() => {
    child.kill('SIGKILL')
  })
  let output = ''
  const address = Promise.withResolvers<string>()
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const found = /Holdfast is listening at (http:\/\/[^"]+)/.exec(output)?.[1]
      if (found !== undefined) address.resolve(found)
    })
  }
  const exited = once(child, 'exit')
  void exited.then(() => {
    address.reject(new Error(`the service ended:\n${output}`))
  })
  const url = await address.promise
  return {
    url,
    child,
    log: () => output,
    async call (method, path, body, headers = {}) {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...body === undefined ? {} : { 'content-type': 'application/json' },
          ...headers
        },
        ...body === undefined ? {} : { body: JSON.stringify(body) }
      })
      const text = await response.text()
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) as unknown : text }
    },
    async kill (signal) {
      child.kill(signal)
      const [code] = await exited as [number | null]
      return code
    }
  }
}

/** Asks again until the answer is as it must be; every answer in between is a moment of the work under way. */
export async function until<T> (ask: () => Promise<T>, isThere: (answer: T) => boolean): Promise<T> {
  for (let i = 0; i < 2000; i++) {
    const answer = await ask()
    if (isThere(answer)) return answer
  }
  return assert.fail('it never came')
}
