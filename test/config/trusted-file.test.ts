import assert from 'node:assert/strict'
import { chmodSync, chownSync, lchownSync, lstatSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config.ts'
import { needRoot } from '../support/need.ts'

const NOBODY = 65_534
const FILES = { '.env': 'PORT=4000\n', 'holdfast.yaml': 'port: 4000\n' } as const

for (const [name, text] of Object.entries(FILES)) {
  const otherwise = name === '.env' ? 'set its variables in the environment' : 'name it in HOLDFAST_CONFIG'

  test(`a ${name} that every user may write to is refused, with the command that mends it`, t => {
    const cwd = workDir(t, { [name]: text })
    const path = join(cwd, name)
    chmodSync(path, 0o666)
    assert.deepEqual(problemsOf({}, cwd), [{
      name,
      problem: `"${path}" can be written to by every user of this machine, and is not used`,
      remedy: `If you know what is in it, run "chmod go-w ${path}"; otherwise ${otherwise}, or run the command in another directory.`
    }])
    chmodSync(path, 0o644)
    assert.equal(validConfig({}, cwd).port, 4000)
  })

  test(`a ${name} of another user is refused, and so is one that only a link of theirs leads to`, t => {
    if (!needRoot(t)) return
    const cwd = workDir(t, { [name]: text })
    const path = join(cwd, name)
    chownSync(path, NOBODY, NOBODY)
    assert.match(problemsOf({}, cwd)[0]?.problem ?? '', /belongs to user 65534, and is not used$/)
    assert.match(problemsOf({}, cwd)[0]?.remedy ?? '', new RegExp(`run "chown -h 0 .*${otherwise}`))
    const other = workDir(t, { elsewhere: text })
    const link = join(other, name)
    symlinkSync(join(other, 'elsewhere'), link)
    assert.equal(validConfig({}, other).port, 4000)
    lchownSync(link, NOBODY, NOBODY)
    assert.equal(lstatSync(link).uid, NOBODY)
    assert.match(problemsOf({}, other)[0]?.problem ?? '', /belongs to user 65534/)
    lchownSync(link, 0, 0)
    chownSync(join(other, 'elsewhere'), NOBODY, NOBODY)
    assert.match(problemsOf({}, other)[0]?.problem ?? '', /belongs to user 65534/, 'a link of ours to a file of theirs')
  })
}

test('a configuration file that was named is read, whoever has it', t => {
  if (!needRoot(t)) return
  const cwd = workDir(t, { 'their.yaml': FILES['holdfast.yaml'] })
  chownSync(join(cwd, 'their.yaml'), NOBODY, NOBODY)
  assert.equal(validConfig({ HOLDFAST_CONFIG: 'their.yaml' }, cwd).port, 4000)
})

test('a .env of another user names no configuration file, and no secret of it is looked for', t => {
  if (!needRoot(t)) return
  const cwd = workDir(t, { '.env': 'HOLDFAST_CONFIG=their.yaml\n' })
  writeFileSync(join(cwd, 'their.yaml'), 'port: [')
  chownSync(join(cwd, '.env'), NOBODY, NOBODY)
  assert.deepEqual(problemsOf({}, cwd).map(({ name }) => name), ['.env'])
})
