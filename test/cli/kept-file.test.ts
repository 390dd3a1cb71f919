import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { keepFile } from '../../src/cli/kept-file.ts'
import { holdfast } from '../support/processes/holdfast.ts'
import { makeMoney } from '../support/databases/money.ts'
import { tempDir } from '../support/temp-dir.ts'

test('what gives way to --overwrite is kept beside it, and the printed command brings it back', async t => {
  const cwd = tempDir(t)
  makeMoney(join(cwd, 'app.db'), { entries: 20 })
  const [target, before] = [join(cwd, "it's a copy.db"), 'precious']
  writeFileSync(target, before)
  const environment = { DATABASE_PATH: './app.db' }
  assert.equal((await holdfast(['backup'], cwd, environment)).code, 0)
  const refused = await holdfast(['restore', '1', '--output', target], cwd, environment)
  assert.deepEqual([refused.code, /hint: .*--output, or add --overwrite/.test(refused.err)], [5, true], refused.err)
  const { code, out, err } = await holdfast(
    ['restore', '1', '--output', target, '--overwrite', '--confirm'],
    cwd,
    environment
  )
  assert.equal(code, 0, err)
  assert.notEqual(readFileSync(target, 'utf8'), before)
  const undo = /To undo +(mv .*)\n/.exec(out)?.[1] ?? assert.fail(out)
  execFileSync('/bin/sh', ['-c', undo], { cwd: '/' })
  assert.equal(readFileSync(target, 'utf8'), before)
})

test('what belongs to a database is kept with it; what did not give way leaves nothing behind', t => {
  const path = join(tempDir(t), 'x.db')
  assert.equal(keepFile(path), undefined)
  for (const suffix of ['', '-wal', '-journal']) writeFileSync(path + suffix, suffix)
  const kept = keepFile(path)
  assert.deepEqual(['', '-wal', '-journal'].map(suffix => readFileSync(`${kept?.path}${suffix}`, 'utf8')), [
    '',
    '-wal',
    '-journal'
  ])
  kept?.discard()
  assert.deepEqual(readdirSync(join(path, '..')).toSorted(), ['x.db', 'x.db-journal', 'x.db-wal'])
})
