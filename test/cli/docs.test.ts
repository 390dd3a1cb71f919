import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { exitCodesHelp } from '../../src/cli/output.ts'
import { program, type ProgramDeps } from '../../src/cli/program.ts'

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

test('docs/cli.md names every command', () => {
  const output = { out: { write () {} }, err: { write () {} } }
  const { commands } = program({ output, roles: ['viewer'] } as unknown as ProgramDeps<string>)
  const rows = page.split('\n').filter(line => line.startsWith('| `')).join('\n')
  for (const command of commands.flatMap(one => ['config', 'token', 'key'].includes(one.name()) ? one.commands.map(below => `${one.name()} ${below.name()}`) : [one.name()])) {
    assert.match(rows, new RegExp(`\`${command}[ \`]`), command)
  }
})

test('docs/cli.md tells the exit codes in the words of the help', () => {
  const told = [...page.matchAll(/^\| (\d+) \| ([^|;]*)/gm)].map(([, code = '', meaning = '']) => ({ code, meaning: meaning.trim() }))
  const help = exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]).split('\n').slice(2).map(line => line.trim().split(/ {2,}/))
  assert.deepEqual(told.map(({ code }) => code), help.map(([code]) => code))
  for (const [index, { meaning }] of told.entries()) assert.ok(help[index]![1]!.startsWith(meaning), meaning)
})
