import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LandingStore } from '../../../src/core/ports/store.ts'
import { localStore } from '../../../src/stores/local/local.ts'
import { ALONE } from '../../support/catalog/catalog.ts'
import { needRoot, needTool } from '../../support/skip-without.ts'
import { bodyOf, never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const CHILD = join(import.meta.dirname, '../../support/processes/store-child.ts')

function storeIn (directory: string): LandingStore {
  return localStore({ directory, instanceId: 'mine', presence: ALONE, now: () => new Date() })
}

async function keysOf (store: LandingStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list('', never)) keys.push(key)
  return keys
}

/** A name of a file or folder that is not UTF-8, below the directory. */
function undecodable (directory: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/${name}`), Buffer.from([0xff])])
}

test('a name that is not UTF-8 is passed over, wherever it is and whatever has it', async t => {
  const directory = tempDir(t)
  const store = storeIn(directory)
  for (const key of ['a', 'trash/b']) await store.put(key, bodyOf('one'), {}, never)
  mkdirSync(undecodable(directory, 'folder'))
  writeFileSync(undecodable(directory, 'file'), '')
  writeFileSync(undecodable(join(directory, 'trash'), 'file'), '')
  await store.open(never)
  assert.deepEqual([await keysOf(store), await store.odd?.(never)], [['a', 'trash/b'], []])
})

/** What each call on a store comes to in a process that may not pass over permissions, as root may. */
function outcomes (directory: string): Record<string, string> {
  const { stdout, stderr } = spawnSync('setpriv', [
    '--bounding-set=-dac_override,-dac_read_search',
    '--inh-caps=-all',
    process.execPath,
    CHILD,
    directory
  ], { encoding: 'utf8' })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout) as Record<string, string>
}

test('a folder of somebody else that is closed to us is no fault of the store; one of ours is', async t => {
  if (!needRoot(t) || !needTool(t, 'setpriv')) return
  for (const [name, mode] of [['#recycle', 0o000], ['@eaDir', 0o600]] as const) {
    const directory = tempDir(t)
    await storeIn(directory).put('a', bodyOf('one'), {}, never)
    mkdirSync(join(directory, name))
    // A folder that shows its names and nothing of the files has some to show.
    writeFileSync(join(directory, name, 'theirs'), '')
    chmodSync(join(directory, name), mode)
    const { open, list } = outcomes(directory)
    assert.deepEqual([open, list], ['done', 'done'], name)
  }
  const directory = tempDir(t)
  await storeIn(directory).put('trash/a', bodyOf('one'), {}, never)
  chmodSync(join(directory, 'trash'), 0o000)
  const { open, list } = outcomes(directory)
  assert.deepEqual([open, list], ['STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'])
})
