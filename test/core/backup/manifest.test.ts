import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifest, released, serializeManifest, type Manifest } from '../../../src/core/backup/manifest.ts'

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
    schemaDigest: DIGEST,
    tables: [{ name: 'accounts', rows: 3 }, { name: 'search', rows: null }],
    foreignKeyViolations: null,
    properties: { pageSize: 4096, journalMode: 'wal' }
  },
  verifiedAt: null
}

/** The manifest with the value at `path` replaced, or taken out where it is undefined. */
function damaged (path: string, value: unknown): string {
  const copy = structuredClone(MANIFEST) as unknown as Record<string, unknown>
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
      assert.ok(error.message.startsWith(`the manifest is wrong at "${path}": `), error.message)
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
  ) assert.throws(() => parseManifest(JSON.stringify({ ...guarded, ...wrong })), { code: 'MANIFEST_INVALID' })
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
      ['version', { ...sealed, version: 3 }],
      ['keys', keyless],
      ['keys', { ...sealed, keys: [] }],
      ['keys', { ...MANIFEST, keys }],
      ['keys.0', { ...sealed, keys: [''] }]
    ] as const
  ) {
    assert.throws(() => parseManifest(JSON.stringify(wrong)), {
      code: 'MANIFEST_INVALID',
      message: new RegExp(`wrong at "${place}"`)
    })
  }
})

test('what is not a manifest at all is refused', () => {
  assert.throws(() => parseManifest('not JSON'), { code: 'MANIFEST_INVALID', message: 'the manifest is not JSON' })
  for (const text of ['null', '[]', '5', '"x"', '{}', '']) {
    assert.throws(() => parseManifest(text), { code: 'MANIFEST_INVALID' })
  }
})
