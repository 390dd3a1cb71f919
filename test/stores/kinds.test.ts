import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Config, StoreConfig } from '../../src/config/config.ts'
import { isSamePlace, localPaths, storePlace } from '../../src/config/store-places.ts'
import { formatStoreUrl, parseStoreUrl } from '../../src/config/store-url.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { StoreKind } from '../../src/core/ports/store-kind.ts'
import { STORE_KINDS, storeKindOf } from '../../src/stores/index.ts'
import { ALONE } from '../support/catalog/catalog.ts'
import { problemsOf, validConfig, workDir } from '../support/config/config.ts'

const CONTEXT = { instanceId: 'test', presence: ALONE, clock: systemClock, proxy: () => undefined }
/** What any required field accepts. */
const SAMPLE = 'sample'
/** Variables of credentials that a store named by its URL alone cannot do without. */
const CREDENTIALS = { AZURE_STORAGE_KEY: 'hush' }

/** Two stores of the kind: one with no more than it needs, and one at another place. */
function configured (t: TestContext, { name, required, fields }: StoreKind): Config {
  const entry = (store: string, value: string): string =>
    [
      `  ${store}:`,
      `    kind: ${name}`,
      ...Object.keys(required).map(field => `    ${field}: ${fields[field]?.kind === 'secret' ? 'hush' : value}`)
    ].join('\n')
  const yaml = `stores:\n${entry('one', SAMPLE)}\n${entry('other', 'elsewhere')}\n`
  return validConfig(CREDENTIALS, workDir(t, { 'holdfast.yaml': yaml }))
}

function both ({ stores: [one, other] }: Config): [StoreConfig, StoreConfig] {
  assert.ok(one !== undefined && other !== undefined)
  return [one, other]
}

test('a kind that is not in the list is an error, and no other kind', () => {
  assert.throws(() => storeKindOf({ kind: 'floppy' }), { code: 'INTERNAL', message: /"floppy"/ })
})

test('no two kinds have a name, a variable, a key of a setting or a scheme in common', () => {
  for (
    const all of [
      STORE_KINDS.map(({ name }) => name),
      STORE_KINDS.flatMap(({ options }) => Object.keys(options)),
      STORE_KINDS.flatMap(({ options }) => Object.values(options).map(({ variable }) => variable)),
      STORE_KINDS.flatMap(({ url }) => url.schemes)
    ]
  ) {
    assert.equal(new Set(all).size, all.length, all.join(', '))
  }
})

test('at most one kind takes a path that is no URL', () => {
  assert.equal(STORE_KINDS.filter(({ url }) => url.fromPath !== undefined).length, 1)
})

for (const kind of STORE_KINDS) {
  const { name, fields, required, options, lockField } = kind

  test(`${name}: what is required, what locks and what a variable gives are fields of it`, () => {
    const given = Object.values(options).flatMap(({ field }) => field ?? [])
    for (const field of [...Object.keys(required), ...given, ...lockField === undefined ? [] : [lockField]]) {
      assert.ok(Object.hasOwn(fields, field), field)
    }
    // The variable that makes the store gives what it cannot be without.
    assert.ok(given[0] === undefined || given[0] in required)
  })

  test(`${name}: a store needs what is required, and each missing field is a problem`, t => {
    const cwd = workDir(t, { 'holdfast.yaml': `stores: { one: { kind: ${name} } }\n` })
    assert.deepEqual(
      problemsOf({}, cwd).map(({ name, problem }) => `${name} ${problem}`),
      Object.keys(required).map(field => `stores.one.${field} is missing`)
    )
    assert.equal(configured(t, kind).stores.length, 2)
  })

  test(`${name}: its URL names the same place, and no secret`, t => {
    const config = configured(t, kind)
    const [one, other] = both(config)
    const url = formatStoreUrl(one)
    assert.doesNotMatch(url, /hush/)
    const again = parseStoreUrl(url, config.storeDefaults, '/')
    assert.ok(isSamePlace(one, again))
    assert.ok(!isSamePlace(one, other))
    assert.deepEqual([formatStoreUrl(again), storePlace(again)], [url, storePlace(one)])
  })

  test(`${name}: it fills a directory of this machine where it is one, and no other`, t => {
    const [one] = both(configured(t, kind))
    const paths = localPaths(one)
    assert.equal(paths.length > 0, kind.isDirectory)
    for (const { field } of paths) assert.equal(fields[field]?.kind, 'path')
  })

  test(`${name}: a store is what its kind says of it, and nothing was opened`, async t => {
    const [one] = both(configured(t, kind))
    const store = await kind.make('one', one.values, CONTEXT)
    assert.deepEqual(
      [store.name, store.kind, store.place, store.isDirectory ?? false, store.thaw !== undefined],
      ['one', name, storePlace(one), kind.isDirectory, kind.canThaw]
    )
  })
}

test('the list of kinds loads no package but zod, and no store', () => {
  const list = join(import.meta.dirname, '../../src/stores/index.ts')
  const code = `import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
    await import(${JSON.stringify(list)})
    process.stdout.write(JSON.stringify(loaded))`
  const loaded = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
  ) as string[]
  const packages = loaded.flatMap(url => /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url)?.[1] ?? [])
  assert.deepEqual([...new Set(packages)], ['zod'])
  for (const { name } of STORE_KINDS) {
    assert.ok(loaded.some(url => url.endsWith(`/stores/${name}/kind.ts`)), name)
    assert.ok(!loaded.some(url => url.endsWith(`/stores/${name}/${name}.ts`)), name)
  }
})
