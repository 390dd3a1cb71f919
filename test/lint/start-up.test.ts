import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
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
/** Prints the names of the parts of Node.js that parse TypeScript, as far as they were loaded, on standard error. */
const PARSERS = `data:text/javascript,${
  encodeURIComponent(`
  process.on('exit', () => { process.stderr.write(process.moduleLoadList.filter(name => /amaro/.test(name)).join('\\n')) })
`)
}`
/** What takes its time to load, and serves the server, one kind of store or one kind of encryption. */
const HEAVY =
  /\/node_modules\/(@aws-sdk|@azure|google-auth-library|fastify|@fastify|fast-jwt|openpgp|age-encryption|@noble|node-cron|pino|prom-client)\/|\/src\/http\/schemas\//
const YAML = /\/node_modules\/yaml\//
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
    assert.ok(modules.length < 135, `${modules.length} modules`)
    assert.deepEqual(modules.filter(url => HEAVY.test(url) || SETTINGS.test(url)), [])
  })
}

test('list loads nothing of the server, of stores or of encryption, and without a holdfast.yaml no YAML', async t => {
  const { cwd, environment } = shopHome(t)
  assert.equal((await holdfast(['backup'], cwd, environment)).code, 0)
  const modules = modulesOf(['list'], cwd, environment)
  assert.ok(modules.length < 640, `${modules.length} modules`)
  assert.ok(modules.some(url => SETTINGS.test(url)))
  assert.deepEqual(modules.filter(url => HEAVY.test(url) || YAML.test(url)), [])
  writeFileSync(join(cwd, 'holdfast.yaml'), 'maxBackups: 5\n')
  assert.ok(modulesOf(['list'], cwd, environment).some(url => YAML.test(url)))
})

test('a command whose modules are all stored does not load the parser for TypeScript', async t => {
  const { cwd, environment } = shopHome(t)
  const caches = join(cwd, 'caches')
  mkdirSync(caches, { mode: 0o700 })
  const parsers = (): string => {
    const { status, stderr } = spawnSync(process.execPath, ['--import', PARSERS, MAIN, '--version'], {
      cwd,
      env: { ...environment, XDG_CACHE_HOME: caches },
      encoding: 'utf8'
    })
    assert.equal(status, 0, stderr)
    return stderr
  }
  assert.match(parsers(), /amaro/)
  assert.equal(parsers(), '')
})
