import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { COMPILE_CACHE } from '../processes/compile-cache.ts'
import { tempDir } from '../temp-dir.ts'
import type { ShellBlock } from './page.ts'

const ROOT = join(import.meta.dirname, '../../..')
/** What the service and its commands consist of. */
const PROJECT = ['bin', 'src', 'migrations', 'package.json', '.npmrc', 'holdfast.example.yaml']
/** Where every page has the service; here it has a port that is free. */
const PRINTED = 'localhost:3000'

export interface Ran {
  readonly code: number
  /** Both outputs, as a person sees them. */
  readonly text: string
}

/** Somebody with a fresh copy of the project, whose shell remembers variables from block to block. */
export interface Newcomer {
  readonly cwd: string
  /** Runs a block to its end, and stops at the first command that fails. */
  readonly run: (block: ShellBlock) => Promise<Ran>
  /** Runs `npm start`, and resolves once the service answers. */
  readonly start: (block: ShellBlock) => Promise<void>
}

/** The copy and what it runs are gone when the test ends. */
export async function newcomer (t: Pick<TestContext, 'after'>): Promise<Newcomer> {
  const cwd = join(tempDir(t), 'holdfast')
  mkdirSync(cwd)
  for (const name of PROJECT) cpSync(join(ROOT, name), join(cwd, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(cwd, 'node_modules'))
  const home = tempDir(t)
  const tools = join(home, 'bin')
  mkdirSync(tools)
  writeFileSync(
    join(tools, 'holdfast'),
    `#!/bin/sh\nexec '${process.execPath}' '${join(cwd, 'src/cli/main.ts')}' "$@"\n`
  )
  chmodSync(join(tools, 'holdfast'), 0o755)
  const port = await freePort()
  const env = {
    ...COMPILE_CACHE,
    PATH: `${tools}:${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`,
    HOME: home,
    NO_COLOR: '1',
    NPM_CONFIG_UPDATE_NOTIFIER: 'false',
    PORT: String(port)
  }
  const remembered = join(home, 'variables')
  const script = ({ commands }: ShellBlock): string =>
    [
      'umask 022',
      existsSync(remembered) ? `. '${remembered}'` : '',
      'set -ea -o pipefail',
      commands.replaceAll(PRINTED, `localhost:${port}`),
      `export -p > '${remembered}'`
    ].join('\n')
  return {
    cwd,
    async run (block) {
      const file = join(home, 'block.sh')
      writeFileSync(file, script(block))
      const words = block.answers === null
        ? ['bash', file]
        : ['script', '-qefc', `stty cols 120; bash '${file}'`, '/dev/null']
      return await ended(spawn(words[0] ?? '', words.slice(1), { cwd, env }), block.answers)
    },
    async start (block) {
      const child = spawn('bash', ['-c', script(block)], {
        cwd,
        env,
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe']
      })
      t.after(() => {
        // The group: npm starts a shell, which starts the service.
        spawnSync('kill', ['-KILL', '--', `-${child.pid}`])
      })
      await serving(child)
    }
  }
}

/** Resolves once the service has written that it serves; rejects with what it wrote if it ends before. */
async function serving (child: ChildProcess): Promise<void> {
  const done = Promise.withResolvers<undefined>()
  let text = ''
  const onText = (more: string): void => {
    text += more
    if (text.includes('Holdfast is listening at')) done.resolve(undefined)
  }
  child.stdout?.setEncoding('utf8').on('data', onText)
  child.stderr?.setEncoding('utf8').on('data', onText)
  child.once('close', () => {
    done.reject(new Error(`the service ended:\n${text}`))
  })
  await done.promise
}

async function ended (child: ChildProcess, answers: string | null): Promise<Ran> {
  let text = ''
  const onText = (more: string): void => {
    text += more
  }
  child.stdout?.setEncoding('utf8').on('data', onText)
  child.stderr?.setEncoding('utf8').on('data', onText)
  if (answers === null) child.stdin?.end()
  else child.stdin?.write(`${answers}\n`)
  const [code] = await once(child, 'close')
  return { code: code as number, text: text.replaceAll('\r', '') }
}

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
