import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { GUIDE_SETTINGS, MONTHLY_RESTORE_TEST } from '../support/config/guide-settings.ts'
import { COMPILE_CACHE } from '../support/processes/compile-cache.ts'
import { needTool } from '../support/skip-without.ts'
import { tempDir } from '../support/temp-dir.ts'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

interface Harvester {
  /** Runs a script with bash in the directory of the application; its exit code and both outputs. */
  readonly bash: (script: string) => Promise<{ readonly code: number, readonly text: string }>
}

/** The application of the guide: its settings to the letter, its database, and our command by the name of its own. */
function harvester (t: TestContext): Harvester {
  const cwd = tempDir(t)
  const bin = join(cwd, 'bin')
  for (const folder of [bin, join(cwd, 'config'), join(cwd, 'var')]) mkdirSync(folder)
  writeFileSync(join(bin, 'harvest'), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`)
  chmodSync(join(bin, 'harvest'), 0o755)
  writeFileSync(join(cwd, 'config/settings.yaml'), GUIDE_SETTINGS)
  const database = new Database(join(cwd, 'var/app.db'))
  database.exec(`
    CREATE TABLE signals (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
    CREATE TABLE discoveries (id INTEGER PRIMARY KEY, signal INTEGER NOT NULL REFERENCES signals);
    INSERT INTO signals (title) VALUES ('one'), ('two'), ('three');
    INSERT INTO discoveries (signal) VALUES (1), (3);`)
  database.close()
  const env = {
    ...COMPILE_CACHE,
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    HOME: cwd,
    HOLDFAST_CONFIG: join(cwd, 'config/settings.yaml'),
    DATABASE_PATH: join(cwd, 'var/app.db'),
    DATA_DIR: join(cwd, 'data'),
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    // Nothing of this test leaves the machine.
    BACKUP_S3_ENDPOINT: 'https://127.0.0.1:9'
  }
  return {
    bash: script =>
      new Promise(resolve => {
        const child = execFile('bash', [], { cwd, env, timeout: 120_000 }, (error, out, err) => {
          resolve({ code: Number(error?.code ?? 0), text: out + err })
        })
        child.stdin?.end(script)
      })
  }
}

test('guide, "Monthly Restore Test": as it is printed it ends with PASSED', async t => {
  for (const tool of ['jq', 'sqlite3']) if (!needTool(t, tool)) return
  const { bash } = harvester(t)
  assert.deepEqual((await bash('harvest backup create --type full --description "Pre-deployment backup"')).code, 0)
  // The newest is the own catalog, which the test must not take.
  assert.deepEqual((await bash('harvest backup create holdfast')).code, 0)
  const { code, text } = await bash(MONTHLY_RESTORE_TEST)
  assert.equal(code, 0, text)
  assert.match(text, /^Testing backup: 1$/m)
  assert.match(text, /^Signals: 3\nDiscoveries: 2$/m)
  assert.match(text, /^✓ Backup restore test PASSED\n=+$/m)
  const [, directory] = /TEST_DIR="(.*)"/.exec(MONTHLY_RESTORE_TEST) ?? []
  assert.equal(existsSync((await bash(`printf %s "${directory}"`)).text), false, 'it cleans up')
})

test('guide, "Monthly Restore Test": without a backup it does not pass', async t => {
  for (const tool of ['jq', 'sqlite3']) if (!needTool(t, tool)) return
  const { code, text } = await harvester(t).bash(`trap 'rm -rf "$TEST_DIR"' EXIT\n${MONTHLY_RESTORE_TEST}`)
  assert.notEqual(code, 0)
  assert.doesNotMatch(text, /PASSED/)
})
