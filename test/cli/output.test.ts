import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { exitCodesHelp } from '../../src/cli/output.ts'
import { ERRORS } from '../../src/core/errors.ts'

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8')

test('docs/cli.md tells the exit codes in the words of the help', () => {
  const told = [...page.matchAll(/^\| (\d+) \| ([^|;]*)/gm)].map(([, code = '', meaning = '']) => ({
    code,
    meaning: meaning.trim()
  }))
  const help = exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]).split('\n').slice(2).map(line => line.trim().split(/ {2,}/))
  assert.deepEqual(told.map(({ code }) => code), help.map(([code]) => code))
  for (const [index, { meaning }] of told.entries()) assert.ok(help[index]![1]!.startsWith(meaning), meaning)
})

test('docs/cli.md has each exit code that an error has, and no other but success and partly', () => {
  const told = [...page.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code))
  const exits = Object.values(ERRORS).map(({ exit }) => exit as number)
  assert.deepEqual(told, [...new Set([0, 3, ...exits])].toSorted((one, other) => one - other))
})
