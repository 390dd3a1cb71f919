import { closeSync, copyFileSync, openSync, readFileSync, writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import Database from 'better-sqlite3'
import { systemCode } from '../../src/core/errors.ts'
import type { SnapshotFacts } from '../../src/core/ports/source.ts'
import { conclude } from '../../src/core/ports/verification.ts'
import { readFacts } from '../../src/sources/sqlite/facts.ts'
import { inspect } from '../../src/sources/sqlite/inspect.ts'
import { openImmutable } from '../../src/sources/sqlite/open.ts'
import { Dice } from '../support/seeded-random.ts'
import { noise } from '../support/streams.ts'
import { SQLITE_CHECKS } from '../../src/sources/sqlite/checks.ts'

/**
 * Damages the database argv[2] in every way in turn, a share of the pages in each of several processes (argv[4] of
 * argv[5]; argv[3] is the seed), and holds what the inspector says against what SQLite says. Tells each damage before
 * it looks, so that one that kills or stops it is known; at the end how many there were and how many of them SQLite
 * sees.
 */
const [path = '', seed = '1', share = '0', shares = '1'] = process.argv.slice(2)
const whole = readFileSync(path)
const pageSize = whole.readUInt16BE(16)
const pages = whole.length / pageSize
const image = `${path}.${share}`
const dice = new Dice(Number(seed))

interface Damage {
  readonly name: string
  readonly at: number
  readonly bytes: Buffer
}

function* damages (): Generator<Damage> {
  for (let page = 1; page <= pages; page++) {
    const at = (page - 1) * pageSize
    const bytes = whole.subarray(at, at + pageSize)
    yield { name: `page ${page} zeroed`, at, bytes: Buffer.alloc(pageSize) }
    yield { name: `page ${page} random`, at, bytes: noise(pageSize, dice.between(1, 1e6)) }
    for (const where of ['head', 'anywhere']) {
      const bit = dice.between(0, (where === 'head' ? 12 : pageSize) * 8 - 1)
      yield { name: `page ${page}, bit ${bit}`, at, bytes: flipped(bytes, bit) }
    }
    const other = dice.between(1, pages)
    yield { name: `page ${page} in place of ${other}`, at: (other - 1) * pageSize, bytes }
  }
  for (let bit = 0; bit < 800; bit++) {
    yield { name: `header, bit ${bit}`, at: 0, bytes: flipped(whole.subarray(0, pageSize), bit) }
  }
}

function flipped (bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ 1 << (bit & 7)
  return copy
}

/** SQLite's own word, by a connection like any application's; null: it finds nothing. */
function verdictOfSqlite (): string | null {
  let db: Database.Database | undefined
  try {
    db = new Database(`${pathToFileURL(image).href}?immutable=1`, { readonly: true })
    for (const check of ['quick_check', 'integrity_check']) {
      const found = db.pragma(check, { simple: true })
      if (found !== 'ok') return String(found)
    }
    return null
  } catch (error) {
    return systemCode(error) ?? 'unknown'
  } finally {
    db?.close()
  }
}

/** What a backup of such a database would have for its facts; undefined: it would fail. */
function factsOf (file: string): SnapshotFacts | undefined {
  let db: Database.Database | undefined
  try {
    db = openImmutable(file)
    return readFacts(db, 'delete')
  } catch (error) {
    if (systemCode(error)?.startsWith('SQLITE_') !== true) throw error
    return undefined
  } finally {
    db?.close()
  }
}

/** With the digest right and everything else as it says, so that all depends on the inspector. */
function isCalledValid (expected: SnapshotFacts | null): boolean {
  return conclude([{ name: 'checksum', status: 'pass' }, ...inspect(image, expected)], SQLITE_CHECKS).valid
}

copyFileSync(path, image)
const expected = factsOf(path)
if (expected === undefined || !isCalledValid(expected)) throw new Error('the database was damaged before')
const fd = openSync(image, 'r+')
const told = { planted: 0, seen: 0, caught: 0, wrong: [] as string[] }
let number = 0
for (const { name, at, bytes } of damages()) {
  if (number++ % Number(shares) !== Number(share)) continue
  if (bytes.equals(whole.subarray(at, at + pageSize))) continue
  process.send?.({ under: name })
  writeSync(fd, bytes, 0, pageSize, at)
  const verdict = verdictOfSqlite()
  const called = { backup: isCalledValid(expected), alone: isCalledValid(null) }
  const own = factsOf(image)
  const live = own === undefined ? false : isCalledValid(own)
  told.planted++
  if (verdict !== null) told.seen++
  if (!called.backup) told.caught++
  // Where only the application knows a collation or a function, SQLite says so by its plain error, and a check is left
  // out.
  const isOnlyUnknown = verdict === 'SQLITE_ERROR'
  if (verdict !== null && (called.backup || ((called.alone || live) && !isOnlyUnknown))) {
    told.wrong.push(`${name}: SQLite says ${verdict.slice(0, 200)}; ${JSON.stringify({ ...called, live })}`)
  }
  writeSync(fd, whole, at, pageSize, at)
}
closeSync(fd)
process.send?.(told)
process.disconnect?.()
