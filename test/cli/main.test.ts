import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { OUTPUTS } from '../../src/cli/schemas.ts'
import { holdfast, startHoldfast } from '../support/processes/holdfast.ts'
import { workDir } from '../support/config/config.ts'
import { tempDir } from '../support/temp-dir.ts'
import { shopHome } from '../support/databases/shop-home.ts'

for (
  const words of [
    [],
    ['nonsense'],
    ['restor', '1'],
    ['restore'],
    ['token'],
    ['token', 'create'],
    ['token', 'create', '--role', 'root'],
    ['config', 'check', 'more'],
    ['config', 'check', '--yaml'],
    ['list', '--limit', '0'],
    ['backup', 'create', '--upload-gcs']
  ]
) {
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

test('without a server backups are made, listed, proven and removed', async t => {
  const { cwd, environment } = shopHome(t)
  const run = (...words: string[]): ReturnType<typeof holdfast> => holdfast(words, cwd, environment)
  const created = await run(
    'backup',
    'create',
    '--type',
    'full',
    '--description',
    'Pre-deployment backup',
    '--compression',
    'zstd',
    '--json'
  )
  const { backup } = OUTPUTS['backup create'].parse(JSON.parse(created.out))
  assert.deepEqual([created.code, created.err, existsSync(backup.filePath)], [0, '', true])
  assert.match((await run('backup', 'list')).out, /Pre-deployment backup/)
  assert.equal((await run('backup', 'verify', '--all')).code, 0)
  assert.match((await run('verify', '--file', backup.filePath)).out, /^✓ .*\n {4}Backup is valid\n/)
  assert.equal((await run('verify', '--file', 'missing.db')).code, 4)
  assert.deepEqual([(await run('remove', '1')).code, (await run('remove', '1', '--force')).code], [5, 0])
  const { entries } = OUTPUTS.audit.parse(JSON.parse((await run('audit', '--json')).out))
  assert.deepEqual(entries.map(({ action, outcome }) => `${action} ${outcome}`), [
    'backup remove done',
    'backup remove refused',
    'backup verify done',
    'backup create done'
  ])
  assert.deepEqual([entries[0]?.actor, entries[0]?.address], [userInfo().username, hostname()])
  assert.deepEqual(readdirSync(join(cwd, 'data/processes')), [])
})

test('whoever stops reading ends the command quietly', async t => {
  const { cwd, environment } = shopHome(t)
  const command = startHoldfast(t, ['--help'], cwd, environment)
  command.child.stdout?.destroy()
  const { code, err } = await command.ended
  assert.deepEqual([code, err], [0, ''])
})

test('--version and -V print one line, and need nothing', async t => {
  const cwd = tempDir(t)
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    readonly version: string
  }
  for (const word of ['--version', '-V']) {
    assert.deepEqual(await holdfast([word], cwd), { code: 0, out: `holdfast ${version}\n`, err: '' })
  }
  assert.deepEqual(readdirSync(cwd), [])
})

test('--config and --data-dir choose the configuration, before and after the command', async t => {
  const { cwd, environment } = shopHome(t)
  assert.equal((await holdfast(['backup'], cwd, environment)).code, 0)
  const elsewhere = tempDir(t)
  const file = join(cwd, 'other.yaml')
  writeFileSync(file, `dataDir: ${join(cwd, 'data')}\n`, { mode: 0o600 })
  for (
    const [options, variables] of [
      [['--config', file], { HOLDFAST_CONFIG: '/nowhere' }],
      [['--data-dir', join(cwd, 'data')], { DATA_DIR: '/nowhere' }]
    ] as const
  ) {
    for (const words of [[...options, 'list'], ['list', ...options], ['backup', 'list', ...options]]) {
      const { code, out, err } = await holdfast(words, elsewhere, variables)
      assert.equal(code, 0, err)
      assert.match(out, /\n1 backup, /, words.join(' '))
    }
  }
  const { code, err } = await holdfast(['list', '--data-dir', ' '], elsewhere)
  assert.deepEqual([code, err.split('\n')[0]], [
    2,
    "error: option '--data-dir <dir>' argument ' ' is invalid. Give a path."
  ])
})

/** Commands that need what others made, and would find nothing to do in a wrong directory. */
const WORKING = [
  ['verify', '--all'],
  ['verify', '1'],
  ['drill'],
  ['restore', '1', '--confirm'],
  ['restore', '--latest', '--output', 'x.db'],
  ['download', '1'],
  ['upload', '--all'],
  ['prune'],
  ['pin', '1'],
  ['release', '--all-suspect', '--yes'],
  ['remove', '1'],
  ['restore-from-trash', '1'],
  ['diff', '1'],
  ['rescue', '1', '--table', 't', '--confirm'],
  ['export', '1', '--table', 't'],
  ['key', 'confirm', 'age1']
]

const READING = [
  ['list'],
  ['show', '1'],
  ['stats'],
  ['sources'],
  ['stores'],
  ['drills'],
  ['restores'],
  ['runs'],
  ['audit'],
  ['report'],
  ['key', 'list'],
  ['scheduler', 'status'],
  ['token', 'list']
]

for (const words of [...READING, ...WORKING]) {
  test(`"holdfast ${words.join(' ')}" where there is no catalog names the remedy, and makes nothing`, async t => {
    const cwd = workDir(t)
    const { code, out, err } = await holdfast(words, cwd)
    assert.deepEqual([code, out, readdirSync(cwd)], [4, '', []])
    assert.match(err, /^holdfast: there is no catalog in "\/.*\/data"\nhint: .*--data-dir.*--config.*holdfast rebuild/)
  })
}

test('where the catalog is lost and the backups are there a command makes the catalog anew', async t => {
  const { cwd, environment } = shopHome(t)
  assert.equal((await holdfast(['backup'], cwd, environment)).code, 0)
  for (const name of readdirSync(join(cwd, 'data'))) {
    if (name.startsWith('holdfast.db')) rmSync(join(cwd, 'data', name))
  }
  const { code, out, err } = await holdfast(['verify', '--all'], cwd, environment)
  assert.deepEqual([code, out.includes('valid')], [0, true], err)
})

test('what only shows what the catalog knows makes no directory, secret or file anew', async t => {
  const { cwd, environment } = shopHome(t)
  assert.equal((await holdfast(['backup'], cwd, environment)).code, 0)
  const names = ['data/manifest-key', 'data/jwt-secret', 'data/instance-id', 'data/processes', 'backups']
  for (const name of names) rmSync(join(cwd, name), { recursive: true })
  for (const words of [...READING, ['doctor'], ['config', 'check'], ['config', 'show']]) {
    assert.notEqual((await holdfast(words, cwd, environment)).code, 1, words.join(' '))
    assert.deepEqual(names.filter(name => existsSync(join(cwd, name))), [], words.join(' '))
  }
  assert.match((await holdfast(['list'], cwd, environment)).out, /\n1 backup, /)
})
