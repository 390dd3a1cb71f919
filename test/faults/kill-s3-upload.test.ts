import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { openEngine } from '../../src/app/open-engine.ts'
import { loadConfig } from '../../src/config/load.ts'
import { s3Store } from '../../src/stores/s3/s3.ts'
import { filesOf } from '../support/engine/engine.ts'
import { needRadosgw } from '../support/stores/radosgw.ts'
import { s3Place, type S3Place } from '../support/stores/s3.ts'
import { tellPlanted } from '../support/fault-count.ts'
import { never } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

const CHILD = new URL('./s3-upload-child.ts', import.meta.url).pathname
const KILLS = 10
/** Goes up in several parts. */
const MEGABYTES = 20
const silent = { debug () {}, info () {}, warn () {}, error () {} }

/**
 * Runs the child, and kills it so many milliseconds after it has begun; undefined: never. Returns how long it took from
 * there to its end, undefined where it was killed.
 */
async function upload (
  home: string,
  { server, bucket }: S3Place,
  killAfter: number | undefined
): Promise<number | undefined> {
  const child = spawn(process.execPath, [
    CHILD,
    home,
    server.endpoint,
    bucket,
    server.accessKeyId,
    server.secretAccessKey
  ], { stdio: ['ignore', 'pipe', 'inherit'] })
  let [said, begunAt] = ['', 0]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    if (begunAt > 0 || !said.includes('begins')) return
    begunAt = performance.now()
    if (killAfter !== undefined) {
      setTimeout(() => {
        child.kill('SIGKILL')
      }, killAfter)
    }
  })
  const [code, signal] = await once(child, 'close') as [number | null, string | null]
  if (signal === 'SIGKILL') return undefined
  assert.equal(code, 0, said)
  return performance.now() - begunAt
}

test('after a kill -9 at any instant of an upload in parts the next start completes it, and no half upload stays', async t => {
  if (!needRadosgw(t)) return
  const home = tempDir(t)
  const place = await s3Place()
  const db = new Database(join(home, 'shop.db'))
  db.exec(
    `CREATE TABLE noise (bytes BLOB); INSERT INTO noise SELECT randomblob(1000000) FROM (WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT ${MEGABYTES}) SELECT i FROM n)`
  )
  db.close()
  const config = loadConfig({
    DATABASE_PATH: `${home}/shop.db`,
    BACKUP_DIR: `${home}/backups`,
    DATA_DIR: `${home}/data`,
    MAX_BACKUPS: '100'
  }, home)
  const store = s3Store(place.options({ prefix: '' }))

  const { engine, deps, close } = await openEngine(config, { logger: silent })
  const backup = await (await engine.create({ type: 'manual', verify: false })).result
  await deps.catalog.copies.promise(backup.id, [{ store: 'far', location: 'far' }], new Date())
  await close(0)

  /** As it must be once the copy is there; then everything is as if nothing had been copied. */
  const requireWhole = async (): Promise<void> => {
    const keys: string[] = []
    for await (const { key } of store.list('', never)) keys.push(key)
    assert.deepEqual(keys.filter(key => key !== 'RESTORE.txt' && key !== 'holdfast-instance.json'), filesOf(backup))
    assert.equal((await store.stat(backup.key, never)).size, backup.size)
    assert.deepEqual(await place.uploads(), [])
    for (const key of filesOf(backup)) await store.remove(key, never)
    const { deps: { catalog }, close } = await openEngine(config, { logger: silent })
    assert.equal((await catalog.backups.get(backup.id)).copies.find(copy => copy.store === 'far')?.status, 'stored')
    await catalog.copies.drop(backup.id, 'far')
    await catalog.copies.promise(backup.id, [{ store: 'far', location: 'far' }], new Date())
    await close(0)
  }

  const whole = await upload(home, place, undefined) ?? 0
  await requireWhole()
  let [killed, halves] = [0, 0]
  for (let n = 0; n < KILLS; n++) {
    if (await upload(home, place, whole * n / KILLS) === undefined) killed++
    halves += (await place.uploads()).length
    await upload(home, place, undefined)
    await requireWhole()
  }
  assert.ok(killed >= KILLS / 2, `only ${killed} were killed before their end`)
  assert.ok(halves > 0, 'no kill ever left half an upload, so that nothing was there to be put right')
  tellPlanted(t, 'kill -9 at any instant of an upload', killed, killed)
})
