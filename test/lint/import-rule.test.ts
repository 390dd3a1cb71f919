import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'

const root = join(import.meta.dirname, '../..')
/** The project's own configuration, without the rules that need types: the files planted here exist nowhere. */
const eslint = new ESLint({
  cwd: root,
  overrideConfig: [{ files: ['**/*.ts'], ...tseslint.configs.disableTypeChecked }]
})

async function rulesBroken (code: string, file: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath: join(root, file) })
  assert.ok(result !== undefined)
  return result.messages.map(({ ruleId }) => ruleId)
}

const use = (specifier: string): string => `import { thing } from '${specifier}'\n\nexport const other = thing`

const BOUNDARIES = 'holdfast/boundaries'
const SYNTAX = 'no-restricted-syntax'

for (
  const [what, file, code, rule] of [
    ['core importing catalog', 'src/core/planted.ts', use('../catalog/database.ts'), BOUNDARIES],
    ['core importing a package other than zod', 'src/core/planted.ts', use('pino'), BOUNDARIES],
    ['catalog importing engine', 'src/catalog/planted.ts', use('../engine/backup/create.ts'), BOUNDARIES],
    ['config importing a kind of store', 'src/config/planted.ts', use('../stores/s3/kind.ts'), BOUNDARIES],
    ['config importing what stores share', 'src/config/planted.ts', use('../stores/lazy.ts'), BOUNDARIES],
    ['engine importing the list of stores', 'src/engine/planted.ts', use('../stores/index.ts'), BOUNDARIES],
    ['a kind of store importing the list of them', 'src/stores/s3/kind.ts', use('../index.ts'), BOUNDARIES],
    ['stores importing sources', 'src/stores/planted.ts', use('../sources/index.ts'), BOUNDARIES],
    [
      'a folder in a folder importing another adapter',
      'src/sources/sqlite/planted.ts',
      use('../../stores/local/local.ts'),
      BOUNDARIES
    ],
    ['engine importing an adapter', 'src/engine/planted.ts', use('../stores/local/local.ts'), BOUNDARIES],
    ['pipeline importing engine', 'src/pipeline/planted.ts', use('../engine/engine.ts'), BOUNDARIES],
    ['http importing catalog', 'src/http/routes/planted.ts', use('../../catalog/database.ts'), BOUNDARIES],
    ['http importing config', 'src/http/planted.ts', use('../config/load.ts'), BOUNDARIES],
    ['a command importing config', 'src/cli/commands/planted.ts', use('../../config/load.ts'), BOUNDARIES],
    ['config importing a kind of source itself', 'src/config/planted.ts', use('../sources/sqlite/kind.ts'), BOUNDARIES],
    ['engine importing app', 'src/engine/planted.ts', use('../app/app.ts'), BOUNDARIES],
    ['server.ts importing an adapter', 'src/server.ts', use('./stores/local/local.ts'), BOUNDARIES],
    ['app importing a command', 'src/app/planted.ts', use('../cli/run.ts'), BOUNDARIES],
    [
      'a type of another folder',
      'src/catalog/planted.ts',
      "import type { Engine } from '../engine/engine.ts'\n\nexport type Other = Engine",
      BOUNDARIES
    ],
    [
      'a type imported in place',
      'src/catalog/planted.ts',
      "export type Other = import('../engine/engine.ts').Engine",
      BOUNDARIES
    ],
    [
      'a module imported on demand',
      'src/catalog/planted.ts',
      "export const other = await import('../engine/engine.ts')",
      BOUNDARIES
    ],
    ['a module passed on', 'src/catalog/planted.ts', "export * from '../engine/engine.ts'", BOUNDARIES],
    ['better-sqlite3 in http', 'src/http/planted.ts', use('better-sqlite3'), BOUNDARIES],
    [
      'better-sqlite3 in a source of another kind',
      'src/sources/postgres/planted.ts',
      use('better-sqlite3'),
      BOUNDARIES
    ],
    ['fast-jwt in cli', 'src/cli/planted.ts', use('fast-jwt'), BOUNDARIES],
    ['a package of a scope out of its home', 'src/engine/planted.ts', use('@fastify/helmet'), BOUNDARIES],
    ['yaml in http', 'src/http/planted.ts', use('yaml'), BOUNDARIES],
    ['commander in engine', 'src/engine/planted.ts', use('commander'), BOUNDARIES],
    ['pino in engine', 'src/engine/planted.ts', use('pino'), BOUNDARIES],
    ['a package without a home', 'src/engine/planted.ts', use('left-pad'), BOUNDARIES],
    ['the SQLite of Node', 'src/catalog/planted.ts', use('node:sqlite'), BOUNDARIES],
    ['a file outside of src', 'src/engine/planted.ts', use('../../test/support/temp-dir.ts'), BOUNDARIES],
    [
      'a room of the engine importing one above it',
      'src/engine/artifacts/planted.ts',
      use('../backup/create.ts'),
      BOUNDARIES
    ],
    [
      'a type of a room above',
      'src/engine/retention/planted.ts',
      "export type Other = import('../recovery/rebuild.ts').RebuildPlan",
      BOUNDARIES
    ],
    [
      'a room of the engine importing one on the same line',
      'src/engine/verify/planted.ts',
      use('../retention/prune.ts'),
      BOUNDARIES
    ],
    [
      'what every verb is given importing a room of verbs',
      'src/engine/planted.ts',
      use('./artifacts/locations.ts'),
      BOUNDARIES
    ],
    ['jobs importing what every verb is given', 'src/engine/jobs/planted.ts', use('../live-settings.ts'), BOUNDARIES],
    [
      'a room importing the engine that is made of it',
      'src/engine/restore/planted.ts',
      use('../make-engine.ts'),
      BOUNDARIES
    ],
    ['a room importing the sum of all rooms', 'src/engine/restore/planted.ts', use('../engine.ts'), BOUNDARIES],
    ['a room of the engine that has no place', 'src/engine/cellar/planted.ts', use('../deps.ts'), BOUNDARIES],
    ['two files that import each other', 'src/core/errors.ts', use('./job.ts'), BOUNDARIES],
    ['a circle by way of other files', 'src/core/errors.ts', use('./schedule/policy.ts'), BOUNDARIES],
    [
      'a circle of types',
      'src/core/errors.ts',
      "import type { Job } from './job.ts'\n\nexport type Other = Job",
      BOUNDARIES
    ],
    [
      'a circle of a type imported in place',
      'src/core/errors.ts',
      "export type Other = import('./job.ts').Job",
      BOUNDARIES
    ],
    ['a circle in one room', 'src/engine/jobs/slots.ts', use('./runner.ts'), BOUNDARIES],
    ['process.env in engine', 'src/engine/planted.ts', 'export const home = process.env.HOME', SYNTAX],
    ['env of node:process in engine', 'src/engine/planted.ts', use('node:process'), SYNTAX],
    ['env taken out of process in engine', 'src/engine/planted.ts', 'export const { env } = process', SYNTAX],
    ['Date.now() in engine', 'src/engine/planted.ts', 'export const now = Date.now()', SYNTAX],
    ['new Date() in engine', 'src/engine/planted.ts', 'export const now = new Date()', SYNTAX],
    ['Date.now() in config', 'src/config/planted.ts', 'export const now = Date.now()', SYNTAX],
    ['process.env in the clock', 'src/core/clock.ts', 'export const home = process.env.HOME', SYNTAX],
    ['.pipe( in pipeline', 'src/pipeline/planted.ts', 'process.stdin.pipe(process.stdout)', SYNTAX],
    ['.pipe( in config', 'src/config/planted.ts', 'process.stdin.pipe(process.stdout)', SYNTAX],
    ['.pipe( in a test', 'test/planted.test.ts', 'process.stdin.pipe(process.stdout)', SYNTAX],
    ['console in http', 'src/http/planted.ts', "console.log('here')", 'no-console'],
    [
      'a file of more than 420 lines',
      'src/engine/planted.ts',
      Array.from({ length: 421 }, (_, index) => `export const a${index} = ${index}`).join('\n'),
      'max-lines'
    ]
  ] as const
) {
  test(`lint reports ${what}`, async () => {
    assert.deepEqual(await rulesBroken(code, file), [rule])
  })
}

for (
  const [what, file, code] of [
    ['an adapter that imports core', 'src/stores/planted.ts', use('../core/ports/store.ts')],
    ['config that imports the list of stores', 'src/config/planted.ts', use('../stores/index.ts')],
    ['engine that imports pipeline', 'src/engine/planted.ts', use('../pipeline/codecs.ts')],
    [
      'a room of the engine that imports one below it',
      'src/engine/restore/planted.ts',
      use('../backup/safety-backup.ts')
    ],
    ['a file of a room that imports another of it', 'src/engine/artifacts/planted.ts', use('./objects.ts')],
    [
      'make-engine.ts that imports every room',
      'src/engine/make-engine.ts',
      `${use('./recovery/rebuild.ts')}\n\nexport * from './jobs/work.ts'`
    ],
    ['engine.ts that imports every room', 'src/engine/engine.ts', use('./recovery/verbs.ts')],
    ['an edge that imports a room of the engine', 'src/http/planted.ts', use('../engine/jobs/runner.ts')],
    ['a file that is imported and imports nothing back', 'src/core/job.ts', use('./errors.ts')],
    ['http that imports its own server', 'src/http/routes/planted.ts', use('../server.ts')],
    ['a source that imports what sources share', 'src/sources/sqlite/planted.ts', use('../subprocess.ts')],
    [
      'app that imports adapters',
      'src/app/planted.ts',
      `${use('../stores/local/local.ts')}\n\nexport * from '../catalog/database.ts'`
    ],
    ['a main that imports config', 'src/cli/main.ts', use('../config/load.ts')],
    ['better-sqlite3 in the sqlite source', 'src/sources/sqlite/planted.ts', use('better-sqlite3')],
    [
      'zod and modules of Node anywhere',
      'src/core/planted.ts',
      `${use('zod')}\n\nexport * from 'node:stream/promises'`
    ],
    ['the time in core/clock.ts', 'src/core/clock.ts', 'export const now = new Date()'],
    ['a date that is told', 'src/engine/planted.ts', 'export const now = new Date(0)'],
    ['the environment in config', 'src/config/planted.ts', 'export const home = process.env.HOME'],
    ['a test that imports what it likes', 'test/planted.test.ts', use('../src/catalog/database.ts')]
  ] as const
) {
  test(`lint passes ${what}`, async () => {
    assert.deepEqual(await rulesBroken(code, file), [])
  })
}

test('no file of src imports itself by way of others', async () => {
  const { ImportGraph } = await import(join(root, 'lint/import-graph.js'))
  assert.deepEqual(new ImportGraph(join(root, 'src')).circles(), [])
})
