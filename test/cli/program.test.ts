import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Command } from 'commander'
import { commandTree } from '../../src/cli/completion/tree.ts'
import { program, type ProgramDeps } from '../../src/cli/program.ts'
import { screenOn } from '../../src/cli/screen.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** Every command with its help; none of them does anything. */
function helps (): ReadonlyMap<string, string> {
  let out = ''
  const output = {
    out: {
      write: (text: string) => {
        out += text
      }
    },
    err: { write () {} }
  }
  const whole = program({ output, roles: ['viewer'] } as unknown as ProgramDeps<string>)
  const find = (path: string): Command =>
    path.split(' ').slice(1).reduce((at, name) => at.commands.find(one => one.name() === name)!, whole)
  const paths = commandTree(whole).map(({ path }) => path).filter(path => !path.endsWith(' help'))
  return new Map(paths.map(path => {
    out = ''
    find(path).outputHelp()
    return [path, out]
  }))
}

function codesIn (help: string): number[] {
  return help.split('Exit codes:\n')[1]?.split('\n\n')[0]?.trim().split('\n').map(line =>
    Number(line.trim().split(' ')[0])
  ) ?? []
}

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

test('the help of every command lists its exit codes', () => {
  const all = helps()
  assert.ok(all.size > 40, `only ${all.size} commands`)
  for (const [path, help] of all) {
    const codes = codesIn(help)
    assert.ok(codes.includes(0) && codes.includes(2), path)
    assert.deepEqual(codes, codes.toSorted((one, other) => one - other), path)
  }
})

test('the help of every command has examples, and they are of that command and parse', async () => {
  const failures: string[] = []
  for (const [path, help] of helps()) {
    const lines = help.split('Examples:\n')[1]?.trim().split('\n').map(line => line.trim()) ?? []
    assert.ok(lines.length > 0 && lines[0]?.startsWith('holdfast '), path)
    const own = path.replace(/^holdfast backup (?!create)/, 'holdfast ')
    for (const line of lines) {
      if (!line.startsWith(own)) failures.push(`${path}: ${line}`)
      const words = [...line.split(/ [|>] /)[0]!.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) =>
        quoted ?? plain!
      )
      const problem = await parsed(words.slice(1))
      if (problem !== undefined) failures.push(`${line}: ${problem}`)
    }
  }
  assert.deepEqual(failures, [])
})

/** What is wrong with the words of a command, without doing what they ask for; undefined: nothing. */
async function parsed (words: readonly string[]): Promise<string | undefined> {
  const output = { out: { write () {} }, err: { write () {} } }
  const screen = () => screenOn(output.out, { TZ: 'UTC' }, new FakeClock())
  const whole = program({ output, screen, roles: ['viewer'] } as unknown as ProgramDeps<string>)
  whole.hook('preAction', () => {
    throw new Error('parsed')
  })
  try {
    await whole.parseAsync(words, { from: 'user' })
    return 'it asks for nothing'
  } catch (thrown) {
    const { message } = thrown as Error
    return message === 'parsed' ? undefined : message
  }
}

test('no help is wider than 80 columns', () => {
  for (const [path, help] of helps()) {
    for (const line of help.split('\n')) assert.ok(line.length <= 80, `${path}: ${line}`)
  }
})

for (
  const [path, codes] of [
    ['holdfast', [0, 2]],
    ['holdfast serve', [0, 1, 2, 5, 6, 7]],
    ['holdfast backup create', [0, 1, 2, 4, 5, 6, 7, 130]],
    ['holdfast verify', [0, 1, 2, 3, 4, 5, 6, 7, 130]],
    ['holdfast list', [0, 1, 2, 4, 6, 7]],
    ['holdfast doctor', [0, 1, 2, 3]],
    ['holdfast token create', [0, 1, 2, 6, 7]],
    ['holdfast config check', [0, 1, 2]]
  ] as const
) {
  test(`the exit codes of "${path}" are those that can happen`, () => {
    assert.deepEqual(codesIn(helps().get(path) ?? ''), codes)
  })
}

test('what stands behind "backup" stands for itself as well', () => {
  const paths = [...helps().keys()]
  for (const path of paths.filter(one => /^holdfast backup (?!create)/.test(one))) {
    assert.ok(paths.includes(path.replace(' backup', '')), path)
  }
})

test('docs/cli.md names every command', () => {
  const output = { out: { write () {} }, err: { write () {} } }
  const { commands } = program({ output, roles: ['viewer'] } as unknown as ProgramDeps<string>)
  const rows = page.split('\n').filter(line => line.startsWith('| `')).join('\n')
  for (
    const command of commands.flatMap(one =>
      ['config', 'token', 'key'].includes(one.name())
        ? one.commands.map(below => `${one.name()} ${below.name()}`)
        : [one.name()]
    )
  ) {
    assert.match(rows, new RegExp(`\`${command}[ \`]`), command)
  }
})

test('every command has --json, but for those that docs/cli.md names with the reason', () => {
  const paths = [...helps()]
  const without = paths.filter(([path, help]) =>
    !help.includes('\n  --json ') && !paths.some(([other]) => other.startsWith(`${path} `))
  ).map(([path]) => path.replace(/^holdfast (backup )?/, ''))
  const reasons = /These commands have no `--json`: ([^]*?)\n\n/.exec(page)?.[1] ?? ''
  const named = [...reasons.matchAll(/`([a-z]+(?: [a-z]+)?)`/g)].map(([, name]) => name)
  assert.deepEqual([...new Set(without)].toSorted(), named.toSorted())
})
