import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { asTyped, COMMANDS } from '../../src/cli/as-typed.ts'
import { program, type ProgramDeps } from '../../src/cli/program.ts'
import { holdfast } from '../support/processes/holdfast.ts'
import { shopHome } from '../support/databases/shop-home.ts'

const NPM = 'npm run -s holdfast --'

test('the names are those of the program', () => {
  const output = { out: { write () {} }, err: { write () {} } }
  const { commands } = program({ output, roles: ['viewer'] } as unknown as ProgramDeps<string>)
  assert.deepEqual([...COMMANDS], [...commands.map(command => command.name()), 'help'].toSorted())
})

test('commands in a text are as the user has to type them', () => {
  for (
    const [text, typed] of [
      ['See "holdfast list".', `See "${NPM} list".`],
      ['Usage: holdfast [options] [command]', `Usage: ${NPM} [options] [command]`],
      ['holdfast restore-from-trash 4', `${NPM} restore-from-trash 4`],
      ['source <(holdfast completion bash)', `source <(${NPM} completion bash)`],
      ['holdfast --help, holdfast <command> --help', `${NPM} --help, ${NPM} <command> --help`]
    ] as const
  ) assert.deepEqual([asTyped(text, NPM), asTyped(text, 'holdfast')], [typed, text])
})

test('the source "holdfast", names of files and other sentences stay as they are', () => {
  for (
    const text of [
      'holdfast: there is no backup 4',
      'Moved backup 4 of holdfast to the trash',
      '/opt/holdfast list',
      'holdfast-backup-2025.db is there',
      'holdfast listed'
    ]
  ) assert.equal(asTyped(text, NPM), text)
})

test('started by npm run, hints, help and usage errors name npm run, and JSON has it in hints alone', async t => {
  const { cwd, environment } = shopHome(t)
  const byNpm = { ...environment, npm_lifecycle_event: 'holdfast', npm_package_name: 'holdfast' }
  const missing = join(cwd, 'nothing')
  const refused = await holdfast(['list', '--data-dir', missing], cwd, byNpm)
  assert.match(refused.err, /hint: .*"npm run -s holdfast -- backup"/)
  assert.match((await holdfast(['list', '--data-dir', missing], cwd, environment)).err, /hint: .*"holdfast backup"/)
  const { error } = JSON.parse((await holdfast(['list', '--data-dir', missing, '--json'], cwd, byNpm)).err)
  assert.match(error.hint, /"npm run -s holdfast -- backup"/)
  const help = await holdfast(['list', '--help'], cwd, byNpm)
  assert.match(help.out, /^Usage: npm run -s holdfast -- list \[options\]\n[^]*\n {2}npm run -s holdfast -- list\n/)
  const made = await holdfast(['backup', '--no-verify'], cwd, byNpm)
  assert.match(made.out, /^✓ Created/)
  const removed = await holdfast(['remove', '1', '--force'], cwd, byNpm)
  assert.match(removed.out, /"npm run -s holdfast -- restore-from-trash 1" restores it/)
})
