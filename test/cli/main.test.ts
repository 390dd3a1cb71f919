import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import type { Command } from 'commander'
import { commandTree } from '../../src/cli/completion/tree.ts'
import { program, type ProgramDeps } from '../../src/cli/program.ts'
import { holdfast } from '../support/cli.ts'
import { workDir } from '../support/config.ts'

/** Every command with its help; none of them does anything. */
function helps (): ReadonlyMap<string, string> {
  let out = ''
  const output = { out: { write: (text: string) => { out += text } }, err: { write () {} } }
  const whole = program({ output, roles: ['viewer'] } as unknown as ProgramDeps<string>)
  const find = (path: string): Command => path.split(' ').slice(1).reduce((at, name) => at.commands.find(one => one.name() === name)!, whole)
  const paths = commandTree(whole).map(({ path }) => path).filter(path => !path.endsWith(' help'))
  return new Map(paths.map(path => {
    out = ''
    find(path).outputHelp()
    return [path, out]
  }))
}

function codesIn (help: string): number[] {
  return help.split('Exit codes:\n')[1]?.trim().split('\n').map(line => Number(line.trim().split(' ')[0])) ?? []
}

test('the help of every command lists its exit codes', () => {
  const all = helps()
  assert.ok(all.size > 40, `only ${all.size} commands`)
  for (const [path, help] of all) {
    const codes = codesIn(help)
    assert.ok(codes.includes(0) && codes.includes(2), path)
    assert.deepEqual(codes, codes.toSorted((one, other) => one - other), path)
  }
})

test('no help is wider than 80 columns', () => {
  for (const [path, help] of helps()) {
    for (const line of help.split('\n')) assert.ok(line.length <= 80, `${path}: ${line}`)
  }
})

for (const [path, codes] of [
  ['holdfast', [0, 2]],
  ['holdfast serve', [0, 1, 2, 5, 6, 7]],
  ['holdfast backup create', [0, 1, 2, 4, 5, 6, 7, 130]],
  ['holdfast verify', [0, 1, 2, 3, 4, 5, 6, 7, 130]],
  ['holdfast list', [0, 1, 2, 6, 7]],
  ['holdfast doctor', [0, 1, 2, 3]],
  ['holdfast token create', [0, 1, 2, 6, 7]],
  ['holdfast config check', [0, 1, 2]]
] as const) {
  test(`the exit codes of "${path}" are those that can happen`, () => {
    assert.deepEqual(codesIn(helps().get(path) ?? ''), codes)
  })
}

test('what stands behind "backup" stands for itself as well', () => {
  const paths = [...helps().keys()]
  for (const path of paths.filter(one => /^holdfast backup (?!create)/.test(one))) assert.ok(paths.includes(path.replace(' backup', '')), path)
})

for (const words of [[], ['nonsense'], ['restor', '1'], ['restore'], ['token'], ['token', 'create'], ['token', 'create', '--role', 'root'], ['config', 'check', 'more'], ['config', 'check', '--yaml'], ['list', '--limit', '0'], ['backup', 'create', '--upload-gcs']]) {
  test(`"${['holdfast', ...words].join(' ')}" is wrong usage: exit code 2, and nothing on stdout`, async t => {
    const cwd = workDir(t)
    const { code, out, err } = await holdfast(words, cwd)
    assert.deepEqual([code, out], [2, ''])
    assert.notEqual(err, '')
    assert.deepEqual(readdirSync(cwd), [])
  })
}

test('a command that is not there is said to be unknown', async t => {
  assert.match((await holdfast(['mount', '1'], workDir(t))).err, /unknown command 'mount'/)
})

test('the help is written to standard output, as a process', async t => {
  const cwd = workDir(t)
  const { code, out, err } = await holdfast(['--help'], cwd)
  assert.deepEqual([code, err, readdirSync(cwd)], [0, '', []])
  assert.match(out, /^Usage: holdfast[^]*Exit codes:/)
})

test('serve refuses a configuration that is not valid with the whole report and exit code 2', async t => {
  const { code, out, err } = await holdfast(['serve'], workDir(t), { PORT: 'x', MAX_BACKUPS: 'y' })
  assert.deepEqual([code, out], [2, ''])
  assert.match(err, /MAX_BACKUPS: "y"[^]*PORT: "x"/)
})
