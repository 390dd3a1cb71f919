import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import Database from 'better-sqlite3'
import { BackupError } from '../../src/core/errors.ts'
import { MAIN } from '../../src/core/ports/part.ts'
import { loadKinds, type LoadedKind, type SourceKind } from '../../src/core/ports/source-kind.ts'
import { sqlite } from '../../src/sources/sqlite/kind.ts'
import { DEFAULT_LIMITS } from '../../src/sources/subprocess.ts'
import { makeMoney, startWriter, TOTAL } from '../support/databases/money.ts'
import { childAtWork, childrenAtWork } from '../support/processes/children.ts'
import { memoryKind, memoryRestorer, MemorySource } from '../support/sources/memory-source.ts'
import { digestOf, noise, stalledBody } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'
import { sourceSuite, type Scene } from '../suites/source-suite.ts'

/** More than everything that a pipe holds, so that the child is still at work while something happens to it. */
const ENTRIES = 30_000

for (const journalMode of ['wal', 'delete'] as const) {
  sourceSuite(`SQLite in ${journalMode} mode`, t => sqliteScene(t, journalMode))
}
sourceSuite('memory', memoryScene)

async function loaded (kind: SourceKind, scratchDir: string): Promise<LoadedKind> {
  const kinds = await loadKinds([kind], { scratchDir, limits: DEFAULT_LIMITS })
  return [...kinds.values()][0]!
}

async function sqliteScene (t: TestContext, journalMode: 'wal' | 'delete'): Promise<Scene> {
  const home = tempDir(t)
  const scratch = tempDir(t)
  mkdirSync(join(home, 'app'))
  const path = join(home, 'app', 'live.db')
  makeMoney(path, { journalMode, entries: ENTRIES })
  const kind = await loaded(sqlite, scratch)
  return {
    kind,
    source: kind.source('live', { path, busyTimeoutMs: 5000 }),
    placement: { mode: 'replace', path, overwrite: false, timeout: 5000, aside: `${path}.aside` },
    content: () => withDatabase(path, db => db.prepare(QUERY).get()),
    change () {
      withDatabase(
        path,
        db => db.exec("DELETE FROM entry WHERE id % 2 = 0; UPDATE entry SET note = 'changed'; CREATE TABLE late (x)")
      )
    },
    async startWriting () {
      const writer = await startWriter(t, path)
      return async () => {
        assert.deepEqual((await writer.stop()).errors, [])
      }
    },
    assertWhole (content) {
      const { sum, integrity } = content as { readonly sum: number, readonly integrity: string }
      assert.deepEqual([sum, integrity], [TOTAL, 'ok'])
    },
    state: () => digestsIn(join(home, 'app')),
    leftovers: () => [...childrenAtWork('snapshot-child').map(String), ...readdirSync(scratch)],
    sabotage: () => async () => {
      process.kill(await childAtWork('snapshot-child'), 'SIGKILL')
    }
  }
}

const QUERY = `
  SELECT (SELECT sum(balance) FROM account) AS sum, (SELECT integrity_check FROM pragma_integrity_check) AS integrity,
    (SELECT count(*) FROM entry) AS entries, (SELECT group_concat(sql) FROM sqlite_schema) AS schema,
    (SELECT sum(length(note) + amount) FROM entry) AS notes`

function withDatabase<T> (path: string, work: (db: Database.Database) => T): T {
  const db = new Database(path, { timeout: 5000 })
  try {
    return work(db)
  } finally {
    db.close()
  }
}

function digestsIn (directory: string): ReadonlyArray<readonly string[]> {
  return readdirSync(directory).toSorted().map(
    name => [name, createHash('sha256').update(readFileSync(join(directory, name))).digest('hex')]
  )
}

/** Its backups have two parts, and the size of neither is known beforehand. */
async function memoryScene (t: TestContext): Promise<Scene> {
  const source = new MemorySource('m', { hasIndex: true })
  const content = (): string => digestOf(source.bytes).sha256
  const versions: string[] = []
  const change = (): void => {
    source.bytes = noise(300_000, versions.length + 1)
    versions.push(content())
  }
  change()
  return {
    kind: await loaded(memoryKind(memoryRestorer([source])), tempDir(t)),
    source,
    placement: { mode: 'replace', path: source.location, overwrite: false, timeout: 5000, aside: '/memory/aside' },
    content,
    change,
    async startWriting () {
      // As soon as some of the image was read.
      const { image } = source
      source.image = bytes => {
        const stream = image.call(source, bytes)
        stream.once('data', change)
        stream.pause()
        return stream
      }
      return async () => {}
    },
    assertWhole (restored) {
      assert.ok(versions.includes(String(restored)))
    },
    state: content,
    leftovers: () => [...source.open].map(() => 'an image'),
    sabotage (part) {
      const body = stalledBody('some bytes')
      if (part === MAIN) source.image = () => body
      else source.index = () => body
      return async () => {
        body.destroy(new BackupError('SOURCE_FAILED', 'the producer failed'))
      }
    }
  }
}
