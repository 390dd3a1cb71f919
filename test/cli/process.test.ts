import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { loadConfig } from '../../src/config/load.ts'
import { OUTPUTS } from '../../src/cli/schemas.ts'
import { holdfast, startHoldfast } from '../support/cli.ts'
import { workDir } from '../support/config.ts'
import { filesIn } from '../support/engine.ts'
import { makeMoney } from '../support/money.ts'
import { needTool } from '../support/need.ts'
import { startService } from '../support/service.ts'
import { sqliteProcess } from '../support/sqlite-process.ts'
import { until } from '../support/streams.ts'
import { tokenFor } from '../support/token.ts'
import { assertTruthful } from '../support/truth.ts'

interface Home {
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
}

/** In rollback-journal mode one that holds the database exclusively keeps a backup waiting. */
function home (t: TestContext): Home {
  const cwd = workDir(t)
  makeMoney(join(cwd, 'shop.db'), { journalMode: 'delete', entries: 2000 })
  return { cwd, environment: { DATABASE_PATH: 'shop.db', SOURCE_BUSY_TIMEOUT_MS: '30000' } }
}

test('without a server backups are made, listed, proven and removed', async t => {
  const { cwd, environment } = home(t)
  const run = (...words: string[]): ReturnType<typeof holdfast> => holdfast(words, cwd, environment)
  const created = await run('backup', 'create', '--type', 'full', '--description', 'Pre-deployment backup', '--compression', 'zstd', '--json')
  const { backup } = OUTPUTS['backup create'].parse(JSON.parse(created.out))
  assert.deepEqual([created.code, created.err, existsSync(backup.filePath)], [0, '', true])
  assert.match((await run('backup', 'list')).out, /Pre-deployment backup/)
  assert.equal((await run('backup', 'verify', '--all')).code, 0)
  assert.match((await run('verify', '--file', backup.filePath)).out, /^✓ .*\n {4}Backup is valid\n/)
  assert.equal((await run('verify', '--file', 'missing.db')).code, 4)
  assert.deepEqual([(await run('remove', '1')).code, (await run('remove', '1', '--force')).code], [5, 0])
  const { entries } = OUTPUTS.audit.parse(JSON.parse((await run('audit', '--json')).out))
  assert.deepEqual(entries.map(({ action, outcome }) => `${action} ${outcome}`), ['backup remove done', 'backup remove refused', 'backup verify done', 'backup create done'])
  assert.deepEqual([entries[0]?.actor, entries[0]?.address], [userInfo().username, hostname()])
  assert.deepEqual(readdirSync(join(cwd, 'data/processes')), [])
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} during a backup ends it with 130, leaves no files and a row that says so; repeating it changes nothing`, async t => {
    const { cwd, environment } = home(t)
    const blocker = await sqliteProcess(t, join(cwd, 'shop.db'), 'BEGIN EXCLUSIVE')
    const command = startHoldfast(t, ['backup'], cwd, environment)
    await until(async () => command.err().includes('probing'))
    for (let i = 0; i < 3; i++) command.child.kill(signal)
    const { code, out, err } = await command.ended
    assert.deepEqual([code, out], [130, ''])
    assert.match(err, /\nholdfast: interrupted\nhint: Nothing is left behind/)
    await blocker.stop()
    const config = loadConfig({ ...environment, DATABASE_PATH: join(cwd, 'shop.db'), BACKUP_DIR: join(cwd, 'backups'), DATA_DIR: join(cwd, 'data') }, cwd)
    assert.deepEqual([filesIn(config.backupDir), filesIn(config.scratchDir), readdirSync(join(cwd, 'data/processes'))], [[], [], []])
    const [row] = await assertTruthful(config)
    assert.deepEqual([row?.status, row?.errorCode], ['failed', 'CANCELLED'])
    assert.equal((await holdfast(['backup'], cwd, environment)).code, 0)
  })
}

test('beside a server that is at the same source the command is told so, and nothing is lost', async t => {
  const { cwd, environment } = home(t)
  const service = await startService(t, cwd, environment, tokenFor('admin'))
  const blocker = await sqliteProcess(t, join(cwd, 'shop.db'), 'BEGIN EXCLUSIVE')
  const { body: { job } } = await service.call('POST', '/api/backups', {}, { prefer: 'respond-async' })
  const refused = await holdfast(['backup', '--json'], cwd, environment)
  assert.deepEqual([refused.code, refused.out, JSON.parse(refused.err).error.code, JSON.parse(refused.err).error.details.jobId], [5, '', 'BACKUP_IN_PROGRESS', job.id])
  await blocker.stop()
  await until(async () => (await service.call('GET', `/api/jobs/${job.id}`)).body.job.status === 'succeeded')
  assert.equal((await holdfast(['backup'], cwd, environment)).code, 0)
  assert.equal((await service.call('GET', '/api/backups')).body.count, 2)
})

test('scheduler status finds the server, and scheduler stop ends it', async t => {
  const { cwd, environment } = home(t)
  const service = await startService(t, cwd, environment, tokenFor('admin'))
  const exited = once(service.child, 'exit')
  const status = OUTPUTS['scheduler status'].parse(JSON.parse((await holdfast(['scheduler', 'status', '--json'], cwd, environment)).out))
  assert.deepEqual([status.server?.pid, status.server?.host], [service.child.pid, hostname()])
  const { code, out } = await holdfast(['backup', 'scheduler', 'stop'], cwd, environment)
  assert.deepEqual([code, (await exited)[0]], [0, 0])
  assert.match(out, new RegExp(`^stopped process ${service.child.pid}, `))
  assert.equal((await holdfast(['scheduler', 'stop'], cwd, environment)).code, 4)
})

test('whoever stops reading ends the command quietly', async t => {
  const { cwd, environment } = home(t)
  const command = startHoldfast(t, ['--help'], cwd, environment)
  command.child.stdout?.destroy()
  const { code, err } = await command.ended
  assert.deepEqual([code, err], [0, ''])
})

test('a warning of the engine goes to standard error, the result stays what it is', async t => {
  const { cwd, environment } = home(t)
  await holdfast(['backup'], cwd, environment)
  const fresh = { ...environment, DATA_DIR: 'elsewhere', BACKUP_DIR: 'backups' }
  const { code, out, err } = await holdfast(['list', '--json'], cwd, fresh)
  assert.deepEqual([code, JSON.parse(out).length], [0, 1])
  assert.match(err, /^(holdfast: .*\n)*holdfast: .*listed as foreign.*\(foreign 1\)\n$/)
})

test('in a terminal there are colours and a bar, and the table fits', async t => {
  if (!needTool(t, 'script')) return
  const { cwd, environment } = home(t)
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const inTerminal = async (columns: number, ...words: string[]): Promise<string> => {
    const line = `stty cols ${columns} rows 40; exec '${process.execPath}' '${main}' ${words.join(' ')}`
    const child = spawn('script', ['-qec', line, '/dev/null'], { cwd, env: { ...environment, PATH: process.env['PATH'] ?? '', TERM: 'xterm' }, stdio: ['ignore', 'pipe', 'inherit'] })
    return await text(child.stdout)
  }
  const made = await inTerminal(100, 'backup')
  assert.ok(made.includes('\r\u001b[K\u001b[32m✓\u001b[39m Created'), made)
  const listed = await inTerminal(60, 'list')
  assert.ok(listed.startsWith('\u001b[1mID'), listed)
  const lines = stripVTControlCharacters(listed).split('\r\n')
  assert.ok(lines.every(line => line.length <= 60), lines.join('\n'))
})
