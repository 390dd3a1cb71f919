import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

/** `name` in braces, after a dollar. */
function placeholder (name: string, rest = ''): string {
  return `\${${name}}${rest}`
}

/** What people write for a path, and a word of the reason why it is refused. */
const PATHS: ReadonlyArray<readonly [text: string, reason: RegExp]> = [
  ['"/srv/app.db"', /quote/],
  ["'/srv/app.db'", /quote/],
  ['`/srv/app.db`', /quote/],
  ['"/srv/app.db', /quote/],
  ['~/app.db', /"~"/],
  ['~app/app.db', /"~"/],
  ['~', /"~"/],
  ['file:./app.db', /URL/],
  ['file:///srv/app.db?mode=ro', /URL/],
  ['sqlite:///srv/app.db', /URL/],
  ['sqlite3:app.db', /URL/],
  ['sqlite+aiosqlite:///srv/app.db', /URL/],
  ['jdbc:sqlite:/srv/app.db', /URL/],
  ['s3://bucket/app.db', /URL/],
  ['postgres://host/app', /URL/],
  [placeholder('APP', '/app.db'), /placeholder/],
  ['/srv/$(hostname)/app.db', /placeholder/],
  ['{{ .Values.path }}', /placeholder/],
  ['$HOME/app.db', /variable/],
  ['C:\\app\\app.db', /Windows/],
  ['/srv/app.db\n/srv/b.db', /control character/]
]

for (const [text, reason] of PATHS) {
  test(`a path written ${JSON.stringify(text)} is refused with the reason, wherever it is given`, t => {
    const inEnvironment = problemsOf({ DATABASE_PATH: text }, workDir(t))
    assert.deepEqual(inEnvironment.map(({ name }) => name), ['DATABASE_PATH'])
    assert.match(inEnvironment[0]!.problem, reason)
    const yaml = JSON.stringify({
      backupDir: text,
      sources: [{ name: 'a', path: text }],
      stores: [{ name: 'far', kind: 'local', path: text }]
    })
    const inFile = problemsOf({}, workDir(t, { 'holdfast.yaml': yaml }))
    assert.deepEqual(inFile.map(({ name }) => name), ['backupDir', 'stores[0].path', 'sources[0].path'])
    for (const { problem } of inFile) assert.match(problem, reason)
  })
}

test('a comment behind a path is refused in the environment and in .env; in YAML the path is exact', t => {
  const path = '/srv/My # files/app.db'
  for (
    const [environment, cwd] of [[{ DATABASE_PATH: path }, workDir(t)], [
      {},
      workDir(t, { '.env': `DATABASE_PATH="${path}"\n` })
    ]] as const
  ) {
    assert.match(problemsOf(environment, cwd)[0]?.problem ?? '', /comment/)
  }
  const yaml = `sources: [{ name: a, path: "${path}" }]\nstores: [{ name: far, kind: local, path: "${path}.d" }]\n`
  const { sources, stores } = validConfig({}, workDir(t, { 'holdfast.yaml': yaml }))
  assert.equal(sources[0]?.values['path'], path)
  assert.deepEqual(stores.map(store => store.values), [{ path: `${path}.d` }])
})

for (
  const variable of [
    'BACKUP_DIR',
    'DATA_DIR',
    'SCRATCH_DIR',
    'RESTORE_DIRS',
    'HOLDFAST_CONFIG',
    'JWT_SECRET_FILE',
    'BACKUP_AGE_IDENTITY_FILE',
    'GOOGLE_APPLICATION_CREDENTIALS'
  ]
) {
  test(`${variable} in quotes, with "~" or with a placeholder is refused`, t => {
    for (const text of ['"/srv/x"', '~/x', placeholder('HOME', '/x')]) {
      assert.ok(problemsOf({ [variable]: text }, workDir(t)).some(({ name }) => name === variable), text)
    }
  })
}

test('odd paths that are meant are taken', t => {
  for (const path of ['./~app.db', './$app.db', '/srv/disk #2/app.db', '/srv/a:b.db', "/srv/it's.db", '/srv/ü b.db']) {
    assert.equal(
      String(validConfig({ DATABASE_PATH: path }, workDir(t)).sources[0]?.values['path']).endsWith(
        path.replace(/^\./, '')
      ),
      true,
      path
    )
  }
})

test('a value in quotes or with a placeholder is refused', t => {
  for (const text of ['"my-bucket"', placeholder('BUCKET')]) {
    assert.deepEqual(
      problemsOf({ BACKUP_S3_BUCKET: text }, workDir(t)).map(({ name }) => name),
      ['BACKUP_S3_BUCKET'],
      text
    )
  }
})

test('a secret in quotes, or that is a placeholder, is refused without being shown; any other text is a secret', t => {
  const cwd = workDir(t)
  for (
    const text of ['"0123456789012345678901234567890123456789"', placeholder('JWT_SECRET_OF_THE_APPLICATION_HERE')]
  ) {
    const problems = problemsOf({ JWT_SECRET: text }, cwd)
    assert.deepEqual(problems.map(({ name }) => name), ['JWT_SECRET'])
    assert.doesNotMatch(JSON.stringify(problems), /0123|APPLICATION/)
  }
  for (
    const text of [
      '"0123456789012345678901234567890123456789',
      `01234567890123456789 ${placeholder('x')} 0123456789 #1`
    ]
  ) assert.equal(validConfig({ JWT_SECRET: text }, cwd).tokenKey?.key.reveal(), text)
})

test('a number with a unit, separators or quotes is refused with the form that is wanted', t => {
  for (const text of ['24h', '64 MB', '1_000', '1,000', '1e3', '5.0', '86400000ms']) {
    const [problem] = problemsOf({ AUTO_BACKUP_INTERVAL: text }, workDir(t))
    assert.match(problem!.remedy, /as digits only/, text)
  }
  const [quoted] = problemsOf({}, workDir(t, { 'holdfast.yaml': 'maxBackups: "5"\n' }))
  assert.match(quoted!.remedy, /no quotes/)
})

test('blanks and carriage returns around a value are not part of it', t => {
  const cwd = workDir(t)
  assert.equal(
    validConfig({ DATABASE_PATH: ' ./app.db \r', MAX_BACKUPS: '5\r' }, cwd).sources[0]?.values['path'],
    join(cwd, 'app.db')
  )
})
