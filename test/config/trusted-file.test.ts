import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, lchownSync, lstatSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkConfig } from '../../src/config/load.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'
import { needRoot } from '../support/skip-without.ts'

const NOBODY = 65_534
const DEPLOYER = 1
/** What the port of the working directory is, or what is wrong. */
const OTHER_USER = `
  const { checkConfig } = await import(process.argv[1])
  const checked = checkConfig({}, process.argv[2])
  process.stdout.write(checked.ok ? String(checked.config.port) : JSON.stringify(checked.problems))
`
const FILES = { '.env': 'PORT=4000\n', 'holdfast.yaml': 'port: 4000\n' } as const

for (const [name, text] of Object.entries(FILES)) {
  const otherwise = name === '.env' ? 'set its variables in the environment' : 'set HOLDFAST_CONFIG to its path'

  test(`a ${name} that every user may write to is refused, with the command that mends it`, t => {
    const cwd = workDir(t, { [name]: text })
    const path = join(cwd, name)
    chmodSync(path, 0o666)
    assert.deepEqual(problemsOf({}, cwd), [{
      name,
      problem: `"${path}" is writable for every user of this machine, and is not used`,
      remedy:
        `If you know what is in it, run "chmod go-w ${path}"; otherwise ${otherwise}, or run the command in another directory.`
    }])
    chmodSync(path, 0o644)
    assert.equal(validConfig({}, cwd).port, 4000)
  })

  test(`a ${name} of another user is refused for a command of root, and so is one that only a link of theirs leads to`, t => {
    if (!needRoot(t)) return
    const cwd = workDir(t, { [name]: text })
    const path = join(cwd, name)
    chownSync(path, NOBODY, NOBODY)
    assert.match(problemsOf({}, cwd)[0]?.problem ?? '', /belongs to user 65534, and is not used$/)
    assert.match(
      problemsOf({}, cwd)[0]?.remedy ?? '',
      new RegExp(`run the command as its owner \\("sudo -u '#65534' holdfast …"\\); otherwise ${otherwise}`)
    )
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

  test(`a ${name} of the user who deploys is used by the service, and by commands of another user than root`, t => {
    if (!needRoot(t)) return
    const cwd = workDir(t, { [name]: text })
    const path = join(cwd, name)
    chmodSync(cwd, 0o755)
    chmodSync(path, 0o640)
    chownSync(path, DEPLOYER, NOBODY)
    const checked = checkConfig({}, cwd, { reader: 'service' })
    assert.equal(checked.ok && checked.config.port, 4000)
    const { stdout, stderr } = spawnSync(process.execPath, [
      '--input-type=module',
      '-e',
      OTHER_USER,
      import.meta.resolve('../../src/config/load.ts'),
      cwd
    ], { uid: NOBODY, gid: NOBODY, cwd: '/', env: {}, encoding: 'utf8' })
    if (stdout === '') {
      t.skip(
        `another user cannot run this from here: ${stderr.split('\n').find(line => line.includes('Error')) ?? stderr}`
      )
    } else assert.equal(stdout, '4000')
    chmodSync(path, 0o662)
    const written = checkConfig({}, cwd, { reader: 'service' })
    assert.match(written.ok ? '' : written.problems[0]?.problem ?? '', /is writable for every user/)
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
