import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../support/temp-dir.ts'

const ROOT = join(import.meta.dirname, '../..')
/** A Node.js of the system, as `apt-get install nodejs` brings it. */
const SYSTEM_NODE = '/usr/bin/node'
const { tooOld } = createRequire(import.meta.url)('../../bin/node-version.cjs') as {
  readonly tooOld: (version: string) => string | undefined
}

test('a Node.js that is too old is named in one sentence, with the one that is needed', () => {
  for (const version of ['4.9.1', '20.20.2', '23.11.0']) {
    assert.match(tooOld(version) ?? '', new RegExp(`^holdfast needs Node\\.js 24 or newer, and this is ${version} `))
  }
  for (const version of ['24.0.0', '26.10.0', '100.0.0', process.versions.node]) {
    assert.equal(tooOld(version), undefined)
  }
})

test('the version that is asked for is the one of package.json', () => {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string }
  }
  assert.equal(engines.node, `>=${/Node\.js (\d+)/.exec(tooOld('1') ?? '')?.[1] ?? ''}`)
})

for (const main of ['holdfast.cjs', 'server.cjs']) {
  test(`an old Node.js of the system tells so for ${main}, and nothing else`, t => {
    const version = spawnSync(SYSTEM_NODE, ['--version'], { encoding: 'utf8' }).stdout as string | null
    if (version === null || Number.parseInt(version.slice(1), 10) >= 24) {
      t.skip(`"${SYSTEM_NODE}" is none that is too old`)
      return
    }
    const { status, stdout, stderr } = spawnSync(SYSTEM_NODE, [join(ROOT, 'bin', main), 'list'], {
      cwd: tempDir(t),
      encoding: 'utf8'
    })
    assert.deepEqual([status, stdout, stderr], [
      2,
      '',
      tooOld(version.slice(1).trim())?.replace(process.execPath, SYSTEM_NODE)
    ])
  })
}
