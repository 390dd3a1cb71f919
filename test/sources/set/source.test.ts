import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { BackupError } from '../../../src/core/errors.ts'
import { MAIN } from '../../../src/core/ports/part.ts'
import { loadKinds, type LoadedKind } from '../../../src/core/ports/source-kind.ts'
import type { Snapshot, SnapshotFacts, Source } from '../../../src/core/ports/source.ts'
import { setDetailsOf } from '../../../src/core/backup/members.ts'
import { setSource } from '../../../src/sources/set/source.ts'
import { directory } from '../../../src/sources/directory/kind.ts'
import { sqlite } from '../../../src/sources/sqlite/kind.ts'
import { DEFAULT_LIMITS } from '../../../src/sources/subprocess.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { FULL } from '../../support/sources/images.ts'
import { never } from '../../support/streams.ts'
import { tempDir } from '../../support/temp-dir.ts'

const FACTS: SnapshotFacts = { engine: 'test 1', tables: [{ name: 't', rows: 1 }], properties: { p: 1 }, details: {} }

/** Kinds whose sources write to `log` what becomes of them; the source `broken` cannot be opened. */
async function kindsWith (scratchDir: string, log: string[]): Promise<(name: string) => LoadedKind | undefined> {
  const kinds = await loadKinds([sqlite, directory], { scratchDir, limits: DEFAULT_LIMITS })
  return kind => {
    const found = kinds.get(kind)
    return found && { ...found, source: name => recorded(name, kind, log) }
  }
}

function recorded (name: string, kind: string, log: string[]): Source {
  const part = { name: MAIN, format: 'test', extension: '.x', isIndex: false, isPacked: false }
  return {
    name,
    kind,
    location: `/${name}`,
    outline: () => [part],
    probe: async () => ({ size: 3, scratch: 1 }),
    async snapshot (): Promise<Snapshot> {
      if (name === 'broken') throw new BackupError('SOURCE_FAILED', 'it is broken')
      log.push(`open ${name}`)
      return {
        async *parts () {
          log.push(`read ${name}`)
          yield { ...part, image: Readable.from([name]), size: null }
        },
        outcome: async () => ({ facts: FACTS, link: null }),
        extend: () => log.push(`extend ${name}`),
        close: async () => {
          log.push(`close ${name}`)
        }
      }
    }
  }
}

const DATABASE = (name: string) => ({ name, kind: sqlite.name, values: {} })
const TREE = (name: string) => ({ name, kind: directory.name, values: {} })

test('the views of all databases are opened first, then the directories, and nothing is read before that', async t => {
  const log: string[] = []
  const kinds = await kindsWith(tempDir(t), log)
  const members = [TREE('files'), DATABASE('one'), TREE('more'), DATABASE('two')]
  const source = setSource('app', { members, isOrdered: false, references: [] }, kinds)
  assert.deepEqual(source.outline('none').map(({ name }) => name), ['main', 'two/main', 'files/main', 'more/main'])
  assert.deepEqual(await source.probe(FULL, never), { size: 12, scratch: 4 })
  const snapshot = await source.snapshot(FULL, never)
  assert.deepEqual(log.splice(0), ['open one', 'open two', 'open files', 'open more'])
  for await (const { image } of snapshot.parts()) image.resume()
  assert.deepEqual(log.splice(0), ['read one', 'read two', 'read files', 'read more'])
  const { facts, link } = await snapshot.outcome()
  assert.equal(link, null)
  assert.deepEqual(facts.tables.map(({ name }) => name), ['one.t', 'two.t', 'files.t', 'more.t'])
  assert.deepEqual(setDetailsOf({ facts })?.members.map(({ name, location }) => [name, location])[2], [
    'files',
    '/files'
  ])
  snapshot.extend?.()
  assert.equal(log.splice(0).length, 4)
  await snapshot.close()
  assert.deepEqual(log, ['close more', 'close files', 'close two', 'close one'])
})

test('an order that the configuration gives is kept', async t => {
  const log: string[] = []
  const members = [TREE('files'), DATABASE('one')]
  const source = setSource('app', { members, isOrdered: true, references: [] }, await kindsWith(tempDir(t), log))
  await (await source.snapshot(FULL, never)).close()
  assert.deepEqual(log, ['open files', 'open one', 'close one', 'close files'])
})

test('a member that cannot be opened closes those that were', async t => {
  const log: string[] = []
  const members = [DATABASE('one'), TREE('broken'), TREE('files')]
  const source = setSource('app', { members, isOrdered: false, references: [] }, await kindsWith(tempDir(t), log))
  await rejectsWith('SOURCE_FAILED', source.snapshot(FULL, never))
  assert.deepEqual(log, ['open one', 'close one'])
})
