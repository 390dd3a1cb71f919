import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  filledForm,
  parseManifest,
  partsOf,
  released,
  serializeManifest,
  totalImageOf,
  totalSizeOf,
  versionFor,
  writtenForm,
  type Manifest
} from '../../../src/core/backup/manifest.ts'

const DIGEST = '0123456789abcdef'.repeat(4)
const MANIFEST: Manifest = {
  format: 'holdfast-manifest',
  version: 1,
  id: 7,
  source: { name: 'shop', kind: 'sqlite', location: '/srv/shop.db' },
  type: 'scheduled',
  method: 'full',
  schedule: 'daily',
  description: 'vor dem Umzug: „ja“',
  pinned: true,
  startedAt: '2025-11-24T23:30:00.000Z',
  completedAt: '2025-11-24T23:30:05.000Z',
  object: { name: 'shop.db.zst', size: 5, sha256: DIGEST },
  image: { size: 4096, sha256: DIGEST },
  compression: 'zstd',
  encryption: 'none',
  facts: {
    engine: 'sqlite 3.54.1',
    tables: [{ name: 'accounts', rows: 3 }, { name: 'search', rows: null }],
    properties: { pageSize: 4096, journalMode: 'wal' },
    details: { schemaDigest: DIGEST, foreignKeyViolations: null }
  },
  partFormat: 'sqlite',
  parts: [],
  link: null,
  verifiedAt: null
}

/** The manifest with the value at `path` replaced, or taken out where it is undefined. */
function damaged (path: string, value: unknown, manifest: Manifest = MANIFEST): string {
  const copy = JSON.parse(serializeManifest(manifest)) as Record<string, unknown>
  const parts = path.split('.')
  const last = parts.pop()!
  let place = copy
  for (const part of parts) place = place[part] as Record<string, unknown>
  if (value === undefined) Reflect.deleteProperty(place, last)
  else place[last] = value
  return JSON.stringify(copy)
}

test('what is written is read again as it was', () => {
  assert.deepEqual(parseManifest(serializeManifest(MANIFEST)), MANIFEST)
})

test('it is text for people: indented, and with a newline at its end', () => {
  assert.match(serializeManifest(MANIFEST), /^\{\n {2}"format": "holdfast-manifest",\n[^]*\n\}\n$/)
})

for (
  const [path, value] of [
    ['format', 'other'],
    ['version', 2],
    ['id', 0],
    ['id', 1.5],
    ['source.name', 5],
    ['source.kind', null],
    ['source.location', []],
    ['type', 'none'],
    ['method', ''],
    ['schedule', 'never'],
    ['description', 5],
    ['pinned', 'yes'],
    ['startedAt', 'yesterday'],
    ['completedAt', 5],
    ['object.name', null],
    ['object.size', -1],
    ['object.sha256', DIGEST.toUpperCase()],
    ['image.size', '4096'],
    ['image.sha256', DIGEST.slice(1)],
    ['compression', 'lzma'],
    ['encryption', 'rot13'],
    ['facts.engine', 5],
    ['facts.schemaDigest', ''],
    ['facts.tables', {}],
    ['facts.tables.0.name', 5],
    ['facts.tables.1.rows', -3],
    ['facts.foreignKeyViolations', 0.5],
    ['facts.properties', null],
    ['facts.properties.pageSize', true],
    ['verifiedAt', false]
  ] as const
) {
  test(`${path} as ${JSON.stringify(value)} is refused, with its place`, () => {
    assert.throws(() => parseManifest(damaged(path, value)), (error: Error) => {
      assert.equal((error as Error & { code: string }).code, 'MANIFEST_INVALID')
      assert.ok(error.message.startsWith(`the manifest is not valid at "${path}": `), error.message)
      return true
    })
  })
}

for (
  const path of [
    'format',
    'version',
    'id',
    'source',
    'source.kind',
    'type',
    'method',
    'schedule',
    'description',
    'pinned',
    'startedAt',
    'completedAt',
    'object',
    'object.sha256',
    'image',
    'image.size',
    'compression',
    'encryption',
    'facts',
    'facts.engine',
    'facts.tables',
    'facts.foreignKeyViolations',
    'facts.properties',
    'verifiedAt'
  ]
) {
  test(`a manifest without ${path} is refused, with its place`, () => {
    assert.throws(() => parseManifest(damaged(path, undefined)), {
      code: 'MANIFEST_INVALID',
      message: new RegExp(`"${path}"`)
    })
  })
}

test('what the guard measured and found is read again, and held to its form', () => {
  const guarded: Manifest = {
    ...MANIFEST,
    measures: { pages: 3, stride: 1, entropy: 4.5, density: 0.35, sketch: '0af' },
    suspicion: { reasons: ['x'], releasedAt: null, releasedBy: null }
  }
  assert.deepEqual(parseManifest(serializeManifest(guarded)), guarded)
  const { measures, suspicion } = guarded
  for (
    const wrong of [
      { measures: { ...measures, stride: 0 } },
      { measures: { ...measures, entropy: 9 } },
      { measures: { ...measures, sketch: 'xyz' } },
      { measures: { ...measures, sketch: '0'.repeat(513) } },
      { measures: { ...measures, extra: 1 } },
      { suspicion: { ...suspicion, reasons: [] } },
      { suspicion: { ...suspicion, releasedAt: 'soon' } },
      { suspicion: { ...suspicion, extra: 1 } }
    ]
  ) {
    assert.throws(() => parseManifest(JSON.stringify({ ...writtenForm(guarded), ...wrong })), {
      code: 'MANIFEST_INVALID'
    })
  }
})

test('a release is written into the manifest of a suspect, and into no other', () => {
  const at = new Date('2025-11-25T00:00:00.000Z')
  assert.deepEqual(released(MANIFEST, at, 'ann'), MANIFEST)
  assert.deepEqual(
    released({ ...MANIFEST, suspicion: { reasons: ['x'], releasedAt: null, releasedBy: null } }, at, 'ann').suspicion,
    { reasons: ['x'], releasedAt: at.toISOString(), releasedBy: 'ann' }
  )
})

test('what a manifest must not hold is refused', () => {
  for (const path of ['extra', 'source.extra', 'object.extra', 'facts.extra']) {
    assert.throws(() => parseManifest(damaged(path, 1)), { code: 'MANIFEST_INVALID' })
  }
})

test('what is sealed says so in version 2, with its keys, and what is not in version 1, without', () => {
  const sealed: Manifest = { ...MANIFEST, version: 2, encryption: 'age', keys: ['age1somebody', 'age1another'] }
  assert.deepEqual(parseManifest(serializeManifest(sealed)), sealed)
  const { keys, ...keyless } = sealed
  for (
    const [place, wrong] of [
      ['version', { ...sealed, version: 1 }],
      ['version', { ...MANIFEST, version: 2 }],
      ['keys', keyless],
      ['keys', { ...sealed, keys: [] }],
      ['keys', { ...MANIFEST, keys }],
      ['keys.0', { ...sealed, keys: [''] }]
    ] as const
  ) {
    assert.throws(() => parseManifest(JSON.stringify(writtenForm(wrong as Manifest))), {
      code: 'MANIFEST_INVALID',
      message: new RegExp(`not valid at "${place}"`)
    })
  }
})

/** A backup of three parts that is built on another one. */
const PARTED: Manifest = {
  ...MANIFEST,
  version: 3,
  source: { name: 'books', kind: 'postgres', location: 'postgres://db/books' },
  method: 'incremental',
  object: { name: 'books-backup-2026-11-30T02-00-00.dump', size: 5, sha256: DIGEST },
  compression: 'none',
  partFormat: 'pg-archive',
  parts: [
    {
      name: 'globals',
      format: 'sql',
      isIndex: true,
      object: { name: 'books-backup-2026-11-30T02-00-00.globals.sql.zst', size: 7, sha256: DIGEST },
      image: { size: 70, sha256: DIGEST },
      compression: 'zstd'
    },
    {
      name: 'db/other',
      format: 'pg-archive',
      isIndex: false,
      object: { name: 'books-backup-2026-11-30T02-00-00.db.other.dump', size: 11, sha256: DIGEST },
      image: { size: 11, sha256: DIGEST },
      compression: 'none'
    }
  ],
  link: {
    chain: 'books-1',
    lineage: 'system-1.t1',
    parent: { name: 'books-0.dump', sha256: DIGEST },
    depth: 1,
    from: '0000000000000010',
    to: '0000000000000020'
  },
  facts: {
    engine: 'pg_dump 17.6',
    tables: [{ name: 'public.accounts', rows: 3 }],
    properties: { serverVersion: '17.6' },
    details: { databases: ['books', 'other'], systemIdentifier: '7391706123' }
  }
}

test('a backup of several parts is read again as it was, and its sizes are those of all parts', () => {
  assert.deepEqual(parseManifest(serializeManifest(PARTED)), PARTED)
  assert.deepEqual(partsOf(PARTED).map(({ name }) => name), ['main', 'globals', 'db/other'])
  assert.equal(totalSizeOf(PARTED), 23)
  assert.equal(totalImageOf(PARTED), 4096 + 70 + 11)
})

test('the keys of version 3 stand in one order, however the manifest was put together', () => {
  const shuffled = Object.fromEntries(Object.entries(PARTED).toReversed()) as unknown as Manifest
  assert.equal(serializeManifest(shuffled), serializeManifest(PARTED))
  assert.deepEqual(Object.keys(JSON.parse(serializeManifest(PARTED)) as object), [
    'format',
    'version',
    'id',
    'source',
    'type',
    'method',
    'schedule',
    'description',
    'pinned',
    'startedAt',
    'completedAt',
    'object',
    'image',
    'compression',
    'partFormat',
    'parts',
    'encryption',
    'link',
    'facts',
    'verifiedAt'
  ])
})

test('a backup is written as the lowest version that has all of it', () => {
  const { facts } = MANIFEST
  assert.equal(versionFor(MANIFEST), 1)
  assert.equal(versionFor({ ...MANIFEST, encryption: 'age', keys: ['age1x'] }), 2)
  assert.equal(versionFor({ ...MANIFEST, parts: PARTED.parts }), 3)
  assert.equal(versionFor({ ...MANIFEST, link: PARTED.link }), 3)
  assert.equal(versionFor({ ...MANIFEST, partFormat: 'ltx' }), 3)
  assert.equal(versionFor({ ...MANIFEST, facts: { ...facts, details: {} } }), 3)
  assert.equal(versionFor({ ...MANIFEST, facts: { ...facts, details: { ...facts.details, more: 1 } } }), 3)
})

test('a manifest of an earlier version is written again as it was, byte for byte', () => {
  const { facts, verifiedAt, ...others } = writtenForm(MANIFEST) as Manifest
  const suspicion = { reasons: ['smaller'], releasedAt: null, releasedBy: null }
  // Both orders have been written: a suspect had its suspicion last until it was read again.
  for (const content of [{ ...others, facts, suspicion, verifiedAt }, { ...others, facts, verifiedAt, suspicion }]) {
    const text = `${JSON.stringify(content, undefined, 2)}\n`
    assert.match(text, /"schemaDigest": "[0-9a-f]{64}",\n {4}"tables"/)
    assert.equal(serializeManifest(filledForm(JSON.parse(text))), text)
  }
  const text = `${JSON.stringify({ ...others, facts, suspicion, verifiedAt }, undefined, 2)}\n`
  assert.equal(serializeManifest(parseManifest(text)), text)
})

for (
  const [path, value] of [
    ['version', 4],
    ['partFormat', 'PG archive'],
    ['parts', {}],
    ['parts.0.name', 'main'],
    ['parts.0.name', '../globals'],
    ['parts.0.name', 'glob.als'],
    ['parts.0.format', ''],
    ['parts.0.isIndex', 1],
    ['parts.0.object.name', 'folder/books.globals.sql.zst'],
    ['parts.0.object.size', -1],
    ['parts.0.image.sha256', 'x'],
    ['parts.0.compression', 'lzma'],
    ['link.depth', 0],
    ['link.parent.sha256', 'x'],
    ['facts.details', null],
    ['keys', ['age1x']]
  ] as const
) {
  test(`of a backup with parts, ${path} as ${JSON.stringify(value)} is refused, with its place`, () => {
    assert.throws(() => parseManifest(damaged(path, value, PARTED)), {
      code: 'MANIFEST_INVALID',
      message: new RegExp(`not valid at "${path}"`)
    })
  })
}

test('a part cannot claim the file of another backup, or of another part', () => {
  const base = 'books-backup-2026-11-30T02-00-00'
  for (
    const name of [
      'books-backup-2026-11-29T02-00-00.globals.sql.zst',
      `${base}-2.globals.sql.zst`,
      `${base}.dump.zst`,
      `${base}.globals`,
      `${base}.globals2.sql`,
      'orders-backup-2026-11-30T02-00-00.dump',
      'RESTORE.txt'
    ]
  ) {
    assert.throws(() => parseManifest(damaged('parts.0.object.name', name, PARTED)), {
      code: 'MANIFEST_INVALID',
      message: /not valid at "parts\.0\.object\.name"/
    }, name)
  }
})

test('two parts of one name, or in one file, are refused', () => {
  const [globals, other] = PARTED.parts
  for (
    const parts of [
      [globals, { ...other, name: 'globals' }],
      [globals, { ...other, object: globals!.object }],
      [globals, { ...other, object: { ...other!.object, name: 'books-backup-2026-11-30T02-00-00.dump' } }]
    ]
  ) {
    assert.throws(() => parseManifest(damaged('parts', parts, PARTED)), {
      code: 'MANIFEST_INVALID',
      message: /not valid at "parts": two parts have the same name/
    })
  }
})

test('what is not a manifest at all is refused', () => {
  assert.throws(() => parseManifest('not JSON'), { code: 'MANIFEST_INVALID', message: 'the manifest is not JSON' })
  for (const text of ['null', '[]', '5', '"x"', '{}', '']) {
    assert.throws(() => parseManifest(text), { code: 'MANIFEST_INVALID' })
  }
})
