import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseDotEnv } from '../../src/config/dot-env.ts'
import { filesWithSecrets } from '../../src/config/files-with-secrets.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

test('a byte order mark is not part of the first name, for the configuration and for doctor', t => {
  const cwd = workDir(t, { '.env': '\uFEFFJWT_SECRET=0123456789012345678901234567890123456789\nMAX_BACKUPS=5\n' })
  const config = validConfig({}, cwd)
  assert.deepEqual([config.tokenKey?.algorithm, config.settings.maxBackups, config.notices], ['HS256', 5, []])
  assert.deepEqual(filesWithSecrets({}, cwd, config, undefined)[0], { path: join(cwd, '.env'), holds: ['JWT_SECRET'] })
})

for (const [system, end] of [['Unix', '\n'], ['Windows', '\r\n'], ['an old Mac', '\r']] as const) {
  test(`lines may end as those of ${system} do, with "export", quotes, comments and values over several lines`, () => {
    const { variables, ignored } = parseDotEnv(
      Buffer.from(
        ['# a comment', 'export A=1', 'B="two words" # said', "C='x", "y'", 'D=', '', '  E = 5  # five'].join(end)
      )
    )
    assert.deepEqual([{ ...variables }, ignored], [{ A: '1', B: 'two words', C: 'x\ny', D: '', E: '5' }, []])
  })
}

test('a line that sets nothing is a notice with its number, and without its text', t => {
  const cwd = workDir(t, { '.env': 'A="x\ny"\nMAX_BACKUPS: 5\n# fine\n\nhunter2\n' })
  const { notices, settings } = validConfig({}, cwd)
  assert.deepEqual(notices.map(({ name, problem }) => [name, /line (\d+)/.exec(problem)?.[1]]), [['.env', '3'], [
    '.env',
    '6'
  ]])
  assert.equal(settings.maxBackups, 10)
  assert.doesNotMatch(JSON.stringify(notices), /hunter2/)
})

test('a .env in UTF-16 is refused', t => {
  const cwd = workDir(t)
  writeFileSync(join(cwd, '.env'), Buffer.from('\uFEFFMAX_BACKUPS=5\n', 'utf16le'))
  assert.deepEqual(problemsOf({}, cwd).map(({ name, problem }) => [name, problem.endsWith('is not UTF-8 text')]), [[
    '.env',
    true
  ]])
})

test('a holdfast.yaml and a secret with a byte order mark are read without it', t => {
  const cwd = workDir(t, {
    'holdfast.yaml': '\uFEFFmaxBackups: 5\r\nmetricsTokenFile: token\r\n',
    token: '\uFEFFscrape-with-a-token-of-some-length\r\n'
  })
  const { settings, metricsToken } = validConfig({}, cwd)
  assert.deepEqual([settings.maxBackups, metricsToken?.reveal()], [5, 'scrape-with-a-token-of-some-length'])
})
