import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { holdfast } from '../support/processes/holdfast.ts'
import { shopHome } from '../support/databases/shop-home.ts'

const MAIN = join(import.meta.dirname, '../../bin/holdfast.cjs')
/** Prints the URL of each module that the program loads, on standard error. */
const LOADED = `data:text/javascript,${
  encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const loaded = new Set()
  registerHooks({ load (url, context, next) { loaded.add(url); return next(url, context) } })
  process.on('exit', () => { process.stderr.write([...loaded].join('\\n')) })
`)
}`
/** What takes its time to load, and serves the server, one kind of store or one kind of encryption. */
const HEAVY =
  /\/node_modules\/(@aws-sdk|@azure|google-auth-library|fastify|@fastify|fast-jwt|openpgp|age-encryption|@noble|node-cron|pino|prom-client)\/|\/src\/http\/schemas\//
const SETTINGS =
  /\/node_modules\/(zod|yaml|better-sqlite3)\/|\/src\/(config\/load|engine\/make-engine|catalog\/index)\.ts/

function modulesOf (words: readonly string[], cwd: string, env: Readonly<Record<string, string>>): string[] {
  const { status, stderr } = spawnSync(process.execPath, ['--import', LOADED, MAIN, ...words], {
    cwd,
    env: { ...env, NODE_DISABLE_COMPILE_CACHE: '1' },
    encoding: 'utf8'
  })
  assert.equal(status, 0, stderr)
  return stderr.split('\n')
}

for (const word of ['--help', '--version']) {
  test(`${word} loads neither what reads the configuration nor what opens the catalog`, t => {
    const { cwd, environment } = shopHome(t)
    const modules = modulesOf([word], cwd, environment)
    assert.ok(modules.length < 130, `${modules.length} modules`)
    assert.deepEqual(modules.filter(url => HEAVY.test(url) || SETTINGS.test(url)), [])
  })
}

test('list loads nothing of the server, of stores or of encryption', async t => {
  const { cwd, environment } = shopHome(t)
  assert.equal((await holdfast(['backup'], cwd, environment)).code, 0)
  const modules = modulesOf(['list'], cwd, environment)
  assert.ok(modules.length < 640, `${modules.length} modules`)
  assert.ok(modules.some(url => SETTINGS.test(url)))
  assert.deepEqual(modules.filter(url => HEAVY.test(url)), [])
})
