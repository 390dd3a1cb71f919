import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DIRECTORY_BY_HAND } from '../../../src/sources/directory/by-hand.ts'
import { needTool } from '../../support/skip-without.ts'
import { backedUp, incrementOn } from '../../support/sources/directory-backup.ts'
import { differences } from '../../support/sources/odd-tree.ts'
import { tempDir } from '../../support/temp-dir.ts'

test('no line of the note is longer than a note may have, and each command of it works as it is printed', t => {
  for (const line of DIRECTORY_BY_HAND.note.split('\n')) assert.ok(line.length <= 76, line)
  if (!needTool(t, 'jq') || !needTool(t, 'rsync')) return
  const home = tempDir(t)
  const tree = join(home, 'tree')
  mkdirSync(join(tree, 'sub'), { recursive: true })
  for (const name of ['kept', 'changed', 'gone', 'sub/gone too']) writeFileSync(join(tree, name), 'before')
  const full = backedUp(t, tree)
  writeFileSync(join(tree, 'changed'), 'after')
  for (const name of ['gone', 'sub']) rmSync(join(tree, name), { recursive: true })
  const increment = incrementOn(t, full.entries, tree)

  // A command is indented, and ends where its explanation begins.
  const commands = DIRECTORY_BY_HAND.note.split('\n').filter(line => line.startsWith('  ')).map(line =>
    line.trim().split(/ {3,}/)[0] ?? ''
  )
  const [look, make, extract, ...compare] = commands
  assert.equal(commands.length, 6)
  const run = (command = ''): string => {
    const { stdout, stderr, status } = spawnSync('bash', ['-c', `set -e; ${command}`], { cwd: home, encoding: 'utf8' })
    assert.equal(status, 0, `${command}: ${stderr}`)
    return stdout
  }
  const of = (backup: typeof full, command = ''): string =>
    command.replaceAll('$B', join(backup.directory, 'main')).replaceAll('<list>', join(backup.directory, 'files'))
  assert.match(run(of(full, look)), /sub\/gone too/)
  run(make)
  for (const link of [full, increment]) run(of(link, extract))
  const [listed, found, removed] = compare
  run(of(increment, listed))
  run(found)
  const surplus = run(removed).split('\n').filter(line => line !== '')
  assert.deepEqual(surplus, ['gone', 'sub', 'sub/gone too'])
  for (const path of surplus) rmSync(join(home, 'restored', path), { recursive: true, force: true })
  // tar has changed the time of the directory itself before anything was removed from it.
  assert.match(differences(tree, join(home, 'restored')), /^(?:\.d\.\.t\.{6} \.\/\n)?$/)
})
