import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import { partsOf } from '../../../src/core/backup/manifest.ts'
import {
  memberChain,
  memberImages,
  memberManifest,
  requireMember,
  setDetailsOf,
  type Member
} from '../../../src/core/backup/members.ts'
import { BackupError } from '../../../src/core/errors.ts'
import type { PlainImages } from '../../../src/core/ports/images.ts'
import type { PartRecord } from '../../../src/core/ports/part.ts'
import { manifestOf } from '../../support/catalog/catalog.ts'
import { rejectsWith } from '../../support/rejects.ts'
import { never } from '../../support/streams.ts'

const FACTS = { engine: 'test 1', tables: [], properties: {}, details: {} }

function part (name: string): PartRecord {
  return {
    name,
    format: 'tar',
    isIndex: false,
    object: { name: `${name}.tar`, size: 1, sha256: 'a'.repeat(64) },
    image: { size: 1, sha256: 'b'.repeat(64) },
    compression: 'none'
  }
}

function member (name: string, parts: Readonly<Record<string, string>>, depth: number | null = null): Member {
  const link = depth === null ? null : {
    chain: `chain-${depth === 0 ? 'new' : 'old'}`,
    lineage: 'one',
    parent: depth === 0 ? null : { name: 'before', sha256: 'c'.repeat(64) },
    depth,
    from: '0'.repeat(16),
    to: '0'.repeat(16)
  }
  return { name, kind: 'test', location: `/${name}`, parts, facts: FACTS, link }
}

function setOf (members: readonly Member[]): Manifest {
  const details = JSON.parse(JSON.stringify({ members, references: [] })) as Manifest['facts']['details']
  return { ...manifestOf({ id: 1 }), parts: [part('files/main'), part('files/list')], facts: { ...FACTS, details } }
}

const AUDIT = member('audit', { main: 'main' })
const FILES = member('files', { main: 'files/main', list: 'files/list' })

function codeOf (work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof BackupError ? error.code : String(error)
  }
  return 'nothing was thrown'
}

test('a member is a backup of its own, whose parts have the names of its kind', () => {
  const manifest = setOf([AUDIT, FILES])
  const files = memberManifest(manifest, FILES)
  assert.deepEqual(files.source, { name: 'files', kind: 'test', location: '/files' })
  assert.deepEqual(partsOf(files).map(({ name, object }) => [name, object.name]), [
    ['main', 'files/main.tar'],
    ['list', 'files/list.tar']
  ])
  assert.deepEqual(partsOf(memberManifest(manifest, AUDIT)).map(({ object }) => object.name), [manifest.object.name])
})

test('the images of a member are those of its parts, and no others', async () => {
  const asked: string[] = []
  const images: PlainImages = {
    open: async name => Readable.from([asked.push(name)]),
    file: async name => `/${name}`
  }
  const own = memberImages(images, FILES)
  await own.open('list', never)
  assert.deepEqual([asked, await own.file('main', never), own.range], [['files/list'], '/files/main', undefined])
  await rejectsWith('PART_NOT_FOUND', own.open('files/list', never))
})

test('the chain of a member begins with its own newest full backup', () => {
  const images: PlainImages = { open: async () => Readable.from([]), file: async () => '' }
  const link = (depth: number) => ({ manifest: setOf([AUDIT, { ...FILES, link: member('', {}, depth).link }]), images })
  const whole = memberChain({ links: [link(0), link(1), link(2)] }, 'files')
  assert.deepEqual(whole.links.map(({ manifest }) => manifest.link?.depth), [0, 1, 2])
  const restarted = memberChain({ links: [link(0), link(1), link(0), link(1)] }, 'files')
  assert.deepEqual(restarted.links.map(({ manifest }) => manifest.link?.depth), [0, 1])
  assert.equal(memberChain({ links: [link(0), link(1)] }, 'audit').links.length, 1)
})

test('members that are not valid, or claim what is not theirs, are refused', () => {
  assert.equal(setDetailsOf(manifestOf({ id: 1 })), null)
  const refused = [
    [],
    [AUDIT, AUDIT],
    [AUDIT, { ...FILES, parts: { main: 'main' } }],
    [{ ...AUDIT, parts: { list: 'main' } }],
    [{ ...AUDIT, facts: undefined }]
  ]
  for (const members of refused) {
    assert.equal(codeOf(() => setDetailsOf(setOf(members as unknown as Member[]))), 'MANIFEST_INVALID')
  }
  const manifest = setOf([AUDIT, FILES])
  assert.equal(codeOf(() => memberManifest(manifest, member('more', { main: 'more/main' }))), 'MANIFEST_INVALID')
  assert.equal(
    codeOf(() => memberManifest(manifest, { ...FILES, parts: { main: 'files/main', x: 'no' } })),
    'MANIFEST_INVALID'
  )
  assert.equal(codeOf(() => requireMember(setDetailsOf(manifest)!, 'none')), 'VALIDATION_FAILED')
})
