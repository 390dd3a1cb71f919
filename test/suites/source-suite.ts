import assert from 'node:assert/strict'
import { createReadStream, createWriteStream, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, test, type TestContext } from 'node:test'
import { partsOf, type Manifest } from '../../src/core/backup/manifest.ts'
import { BackupError } from '../../src/core/errors.ts'
import { COMPRESSIONS } from '../../src/core/ports/codec.ts'
import { isPartFormat, isPartName, MAIN, type PartRecord, type PartStream } from '../../src/core/ports/part.ts'
import type { Snapshot, Source } from '../../src/core/ports/source.ts'
import type { LoadedKind } from '../../src/core/ports/source-kind.ts'
import { lastLink, type Link, type Restorable } from '../../src/core/restore/restorable.ts'
import type { Placement, Restorer } from '../../src/core/restore/restore.ts'
import { digestCheck, digestTap } from '../../src/pipeline/digest.ts'
import { joined } from '../../src/pipeline/joined.ts'
import { manifestOf } from '../support/catalog/catalog.ts'
import { rejectsWith } from '../support/rejects.ts'
import { FULL } from '../support/sources/images.ts'
import { never, rejection } from '../support/streams.ts'
import { tempDir } from '../support/temp-dir.ts'

/** A source that is there, and its kind. */
export interface Scene {
  readonly kind: LoadedKind
  readonly source: Source
  /** false: what is read belongs to the time at which it is read, and not to that of the snapshot. Default: true. */
  readonly isInstant?: boolean
  /** Levels of a verification that only a drill tries. Default: none. */
  readonly drilled?: readonly string[]
  /** Puts a backup back over the source. */
  readonly placement: Placement
  /** What the source holds, in a form that can be compared. */
  content(): unknown
  /** Makes it hold something else. */
  change(): void
  /** Lets others write to it; the result ends them. */
  startWriting(): Promise<() => Promise<void>>
  /** Fails unless the source could have held this at one instant while others wrote to it. */
  assertWhole(content: unknown): void
  /** Everything that stays as it is while the source is only looked at. */
  state(): unknown
  /** What is at work for a snapshot, or is left of one; empty: nothing. */
  leftovers(): readonly string[]
  /**
   * Prepares a failure of the producer of a part, before the snapshot. The result makes it fail; it is called when some
   * bytes of the part, and not all of them, were read.
   */
  sabotage(part: string): () => Promise<void>
}

type Make = (t: TestContext) => Promise<Scene>

/** Every promise of core/ports/source.ts, for every kind of source. `make` gives one that nobody else uses. */
export function sourceSuite (kind: string, make: Make): void {
  describe(`${kind}: outline and probe`, () => {
    outlineSuite(make)
  })
  describe(`${kind}: snapshot`, () => {
    snapshotSuite(make)
  })
  describe(`${kind}: a snapshot that fails`, () => {
    failureSuite(make)
  })
  describe(`${kind}: images and facts`, () => {
    imageSuite(make)
  })
}

function outlineSuite (make: Make): void {
  test('the parts are known before anything is read, the main one first, each with a valid name of its own', async t => {
    const { kind, source, state } = await make(t)
    const before = state()
    assert.equal(source.kind, kind.name)
    for (const compression of COMPRESSIONS) {
      const outline = source.outline(compression)
      const names = outline.map(({ name }) => name)
      assert.equal(names[0], MAIN)
      assert.equal(new Set(names).size, names.length)
      for (const { name, format, extension } of outline) {
        assert.ok(isPartName(name), name)
        assert.ok(isPartFormat(format), format)
        assert.match(extension, /^(?:\.[a-z0-9]+)+$/)
      }
      assert.equal(new Set(outline.map(({ extension }) => extension)).size, names.length, 'files of the same name')
    }
    assert.deepEqual(state(), before)
  })

  test('a probe changes nothing, and leaves nothing', async t => {
    const { source, state, leftovers } = await make(t)
    const before = state()
    const { size, scratch } = await source.probe(FULL, never)
    assert.ok(size === null || (Number.isSafeInteger(size) && size > 0), String(size))
    assert.ok(Number.isSafeInteger(scratch) && scratch >= 0, String(scratch))
    assert.deepEqual([state(), leftovers()], [before, []])
  })

  test('after an abort neither a probe nor a snapshot begins', async t => {
    const { source, leftovers } = await make(t)
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    assert.equal(await rejection(source.probe(FULL, aborted)), reason)
    assert.equal(await rejection(source.snapshot(FULL, aborted)), reason)
    assert.deepEqual(leftovers(), [])
  })
}

function snapshotSuite (make: Make): void {
  test('the parts come as they were outlined, with as many bytes as they and the probe have announced', async t => {
    const { source } = await make(t)
    const { size: expected } = await source.probe(FULL, never)
    const snapshot = await source.snapshot(FULL, never)
    t.after(() => snapshot.close())
    const outlines: unknown[] = []
    let total = 0
    for await (const { image, size, ...outline } of snapshot.parts()) {
      outlines.push(outline)
      const bytes = await drained(image)
      assert.equal(bytes, size ?? bytes, outline.name)
      total += bytes
    }
    assert.deepEqual(outlines, source.outline('none'))
    assert.equal(total, expected ?? total)
  })

  test('the outcome comes when all parts were read, and not before', async t => {
    const { source } = await make(t)
    const snapshot = await source.snapshot(FULL, never)
    t.after(() => snapshot.close())
    let isKnown = false
    const outcome = snapshot.outcome().finally(() => {
      isKnown = true
    })
    for await (const { image } of snapshot.parts()) {
      for await (const chunk of image as AsyncIterable<Buffer>) assert.ok(chunk.length > 0 && !isKnown)
    }
    assert.notEqual((await outcome).facts.engine, '')
    assert.deepEqual(await snapshot.outcome(), await outcome)
  })

  test('it may be closed twice, read or not: nothing is left of it, and the source is as it was and can be written', async t => {
    const { source, content, change, leftovers } = await make(t)
    const before = content()
    for (const read of [async () => {}, begin, drainAll]) {
      const snapshot = await source.snapshot(FULL, never)
      await read(snapshot)
      await snapshot.close()
      await snapshot.close()
      assert.deepEqual(leftovers(), [])
      assert.deepEqual(content(), before)
    }
    change()
    assert.notDeepEqual(content(), before)
  })
}

function failureSuite (make: Make): void {
  test('aborted midway, it ends with the reason of the abort, and nothing goes on', async t => {
    const { source, leftovers } = await make(t)
    const abort = new AbortController()
    const reason = new Error('enough')
    const snapshot = await source.snapshot(FULL, abort.signal)
    const { image } = await begin(snapshot)
    abort.abort(reason)
    assert.equal(await rejection(drained(image)), reason)
    assert.equal(await rejection(snapshot.outcome()), reason)
    await snapshot.close()
    assert.deepEqual(leftovers(), [])
  })

  test('a part whose producer fails is destroyed with a BackupError, and never ends', async t => {
    const { source: outlined } = await make(t)
    for (const { name } of outlined.outline('none')) {
      const { source, sabotage, leftovers } = await make(t)
      const fail = sabotage(name)
      const snapshot = await source.snapshot(FULL, never)
      const { image } = await begin(snapshot, name)
      await fail()
      const thrown = await rejection(drained(image))
      assert.ok(thrown instanceof BackupError, `${name}: ${String(thrown)}`)
      assert.match(thrown.code, /^SOURCE_/)
      assert.equal(await rejection(snapshot.outcome()), thrown)
      await snapshot.close()
      assert.deepEqual(leftovers(), [], name)
    }
  })
}

function imageSuite (make: Make): void {
  test('the images have the facts of their own snapshot, and not those of another one', async t => {
    const { kind, source, change, drilled = [] } = await make(t)
    const [first, second] = [await store(t, source), (change(), await store(t, source))]
    for (const { manifest, images } of [first, second]) {
      const checks = await kind.inspector.inspect(images, manifest.facts, never)
      assert.deepEqual(
        checks.filter(({ name, status }) => status !== (drilled.includes(name) ? 'skipped' : 'pass')),
        []
      )
      assert.deepEqual(checks.map(({ name }) => name), kind.inspector.checks.map(({ name }) => name))
    }
    const checks = await kind.inspector.inspect(first.images, second.manifest.facts, never)
    assert.ok(checks.some(({ status }) => status === 'fail'), JSON.stringify(checks))
  })

  test('damage at any place is found or fails the digest, and no image is written to', async t => {
    const { kind, source } = await make(t)
    const stored = await store(t, source)
    assert.equal(await damageOf(kind, stored), undefined)
    for (const { name, image } of partsOf(stored.manifest)) {
      const path = await stored.images.file(name, never)
      const whole = readFileSync(path)
      for (const at of [0, Math.floor(image.size / 2), image.size - 1]) {
        const damaged = Buffer.from(whole)
        damaged[at] = (damaged[at] ?? 0) ^ 1
        writeFileSync(path, damaged)
        assert.notEqual(await damageOf(kind, stored), undefined, `${name}, byte ${at}`)
        assert.ok(readFileSync(path).equals(damaged), `${name} was changed`)
      }
      writeFileSync(path, whole)
      truncateSync(path, image.size - 1)
      assert.notEqual(await damageOf(kind, stored), undefined, `${name}, cut`)
      writeFileSync(path, whole)
    }
    assert.equal(await damageOf(kind, stored), undefined)
  })

  test('a restore gives back the content of the snapshot, whatever came after it', async t => {
    const { kind: { restorer }, source, placement, content, change, isInstant = true } = await make(t)
    const before = content()
    const snapshot = await source.snapshot(FULL, never)
    if (isInstant) change()
    const stored = await storeSnapshot(t, source, snapshot)
    if (!isInstant) change()
    assert.notDeepEqual(content(), before)
    await restore(restorer, [stored], placement)
    assert.deepEqual(content(), before)
  })

  test('taken while others write, it is whole: its facts are right, and so is what a restore gives back', async t => {
    const { kind, source, placement, content, startWriting, assertWhole } = await make(t)
    const stop = await startWriting()
    const stored = await store(t, source)
    await stop()
    assert.equal(await damageOf(kind, stored), undefined)
    const written = content()
    await restore(kind.restorer, [stored], placement)
    assertWhole(content())
    assert.notDeepEqual(content(), written, 'nobody wrote')
  })

  test('a drill finds what a restore would give back whole, and leaves the images as they are', async t => {
    const { kind: { rehearser }, source } = await make(t)
    const stored = await store(t, source)
    assert.ok(rehearser.space([stored.manifest]) > 0)
    const rehearsal = await rehearser.rehearse({ links: [stored] }, never)
    const checks = await rehearsal.checks(never)
    assert.deepEqual(checks.filter(({ status }) => status !== 'pass'), [])
    await rehearsal.close()
    await rehearsal.close()
    for (const { name } of partsOf(stored.manifest)) await drained(await stored.images.open(name, never))
  })
}

/** Reads to the end, and counts the bytes. */
async function drained (image: Readable): Promise<number> {
  let bytes = 0
  for await (const chunk of image as AsyncIterable<Buffer>) bytes += chunk.length
  return bytes
}

async function drainAll (snapshot: Snapshot): Promise<void> {
  for await (const { image } of snapshot.parts()) await drained(image)
  await snapshot.outcome()
}

/** Reads the parts before that of this name, and the beginning of that one. */
async function begin (snapshot: Snapshot, name = MAIN): Promise<PartStream> {
  const parts = snapshot.parts()[Symbol.asyncIterator]()
  for (;;) {
    const { value: part, done } = await parts.next()
    assert.ok(done !== true, `there is no part ${name}`)
    if (part.name === name) {
      // Whoever gives up a part does not hear of its end.
      part.image.on('error', () => {})
      await new Promise(resolve => part.image.once('readable', resolve))
      assert.ok(part.image.read(1) !== null)
      return part
    }
    await drained(part.image)
  }
}

export async function store (t: TestContext, source: Source): Promise<Link> {
  return await storeSnapshot(t, source, await source.snapshot(FULL, never))
}

/** Writes the parts to files, as a store keeps them. */
export async function storeSnapshot (t: TestContext, source: Source, snapshot: Snapshot): Promise<Link> {
  const directory = tempDir(t)
  const records: PartRecord[] = []
  try {
    for await (const { name, format, isIndex, image } of snapshot.parts()) {
      const { stream, result } = digestTap()
      const file = `part-${records.length}`
      await pipeline(image, stream, createWriteStream(join(directory, file)))
      records.push({ name, format, isIndex, compression: 'none', object: { name: file, ...result() }, image: result() })
    }
    const { facts, link } = await snapshot.outcome()
    const [{ format, object, image }, ...parts] = records as [PartRecord, ...PartRecord[]]
    const { name, kind, location } = source
    const manifest = manifestOf(
      { id: 1 },
      { source: { name, kind, location }, object, image, partFormat: format, parts, facts, link }
    )
    return { manifest, images: imagesIn(directory, manifest) }
  } finally {
    await snapshot.close()
  }
}

/** The digests are compared where a part is read, and not where its file is used. */
function imagesIn (directory: string, manifest: Manifest): Link['images'] {
  const partOf = (part: string): PartRecord => {
    const found = partsOf(manifest).find(({ name }) => name === part)
    if (found === undefined) throw new BackupError('PART_NOT_FOUND', `there is no part "${part}"`)
    return found
  }
  const pathOf = (part: string): string => join(directory, partOf(part).object.name)
  return {
    open: async part => joined(createReadStream(pathOf(part)), digestCheck(partOf(part).image, 'the image')),
    file: async part => pathOf(part)
  }
}

/** What a verification finds: a check that failed, or the part whose digest is another; undefined: nothing. */
export async function damageOf ({ inspector }: LoadedKind, { manifest, images }: Link): Promise<string | undefined> {
  const checks = await inspector.inspect(images, manifest.facts, never).catch((error: unknown) => {
    if (error instanceof BackupError && error.code === 'CHECKSUM_MISMATCH') return error.code
    throw error
  })
  if (typeof checks === 'string') return checks
  const failed = checks.find(({ status }) => status === 'fail')
  if (failed !== undefined) return failed.name
  for (const { name, image } of partsOf(manifest)) {
    const { stream, result } = digestTap()
    await pipeline(createReadStream(await images.file(name, never)), stream.resume())
    if (result().sha256 === image.sha256) continue
    await rejectsWith('CHECKSUM_MISMATCH', images.open(name, never).then(drained))
    return name
  }
  return undefined
}

/** Puts the last of `links` back, with those that it is built on. */
export async function restore (
  restorer: Restorer | null,
  links: Restorable['links'],
  placement: Placement
): Promise<void> {
  assert.ok(restorer !== null, 'a kind without a restorer')
  await restorer.check(lastLink({ links }).manifest, placement, never)
  let told = 0
  const { bytes, isOldKept } = await restorer.place({ links }, placement, done => {
    told = done
  }, never)
  assert.equal(told, bytes)
  assert.equal(await restorer.settle(placement.path, placement.aside), isOldKept)
  await restorer.discard(placement.aside)
}
