import assert from 'node:assert/strict'
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { createMessage, encrypt } from 'openpgp'
import { openpgpCipher, openpgpOpener } from '../../src/pipeline/openpgp.ts'
import { rejectsWith } from '../support/rejects.ts'
import { chunks, noise, through } from '../support/streams.ts'

/** Longer than a chunk of any message. */
const LARGE = noise(5_000_000)
const PASSPHRASE = 'correct-horse-battery'
const OPENPGP = openpgpOpener({ privateKeys: [], passphrase: PASSPHRASE, isSureToFit: false })

const packet = (tag: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0xc0 | tag, 255, ...[24, 16, 8, 0].map(bits => body.length >> bits & 255)]), body])
const oldPacket = (tag: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x80 | tag << 2, body.length]), body])
const iterated = Buffer.concat([Buffer.from([4, 9, 3, 10]), randomBytes(8), Buffer.from([255])])
const argon2 = (version: number, passes: number, exponent: number): Buffer => {
  const rule = Buffer.concat([Buffer.from([4]), randomBytes(16), Buffer.from([passes, 4, exponent])])
  return Buffer.concat([
    version === 4 ? Buffer.from([4, 9]) : version === 5 ? Buffer.from([5, 9, 2]) : Buffer.from([6, 26, 9, 2, 20]),
    rule,
    ...version === 4 ? [] : [randomBytes(80)]
  ])
}
const recipient = (id: Buffer): Buffer => Buffer.concat([Buffer.from([3]), id, Buffer.from([1]), randomBytes(300)])
const data = packet(18, Buffer.concat([Buffer.from([1]), randomBytes(50)]))
const message = (...packets: Buffer[]): Buffer => Buffer.concat([...packets, data])
const many = (count: number, make: () => Buffer): Buffer => Buffer.concat(Array.from({ length: count }, make))

for (
  const [what, bytes, reason] of [
    ['OpenPGP with five passphrases', message(many(5, () => packet(3, iterated))), /more passphrases/],
    [
      'OpenPGP with 200 passphrases, in the old form of packets',
      message(many(200, () => oldPacket(3, iterated))),
      /more passphrases/
    ],
    ['OpenPGP with Argon2 in 512 MiB', message(packet(3, argon2(4, 1, 19))), /more time or memory/],
    ['OpenPGP with Argon2 in 2 GiB, version 5', message(packet(3, argon2(5, 1, 21))), /more time or memory/],
    ['OpenPGP with Argon2 in 1 TiB, version 6', message(packet(3, argon2(6, 1, 30))), /more time or memory/],
    ['OpenPGP with Argon2 in 200 passes', message(packet(3, argon2(4, 200, 10))), /more time or memory/],
    ['OpenPGP for 300 keys', message(many(300, () => packet(1, recipient(randomBytes(8))))), /more keys/],
    [
      'OpenPGP for 20 keys that are not named',
      message(many(20, () => packet(1, recipient(Buffer.alloc(8))))),
      /more keys/
    ],
    [
      'OpenPGP for one key a hundred times',
      message(many(100, () => packet(1, recipient(Buffer.alloc(8, 7))))),
      /more keys/
    ],
    ['OpenPGP with a key packet of a megabyte', message(packet(1, Buffer.alloc(1024 * 1024, 3))), /longer than/],
    [
      'OpenPGP with a key packet without a length',
      Buffer.concat([Buffer.from([0x80 | 3 << 2 | 3]), iterated]),
      /longer than/
    ],
    [
      'OpenPGP with markers without end',
      message(many(80_000, () => packet(10, Buffer.from('PGP')))),
      /are outside its data/
    ]
  ] as const
) {
  test(`${what} is damage, before any key is derived`, async () => {
    for (const size of [7, 65_536]) {
      if (size === 7 && bytes.length > 10_000) continue
      const error = await rejectsWith('DECODE_FAILED', through(OPENPGP.decode(), chunks(bytes, size)))
      assert.match(error.message, reason)
    }
  })
}

test('a few passphrases of a message are tried, and what they open is damaged', async () => {
  const error = await rejectsWith(
    'DECODE_FAILED',
    through(OPENPGP.decode(), [message(many(2, () => packet(3, iterated)))])
  )
  assert.match(error.message, /is damaged/)
})

/**
 * A message with these packets inside, whole and with its modification code; its passphrase is hashed once (RFC 9580,
 * 3.7.1.1).
 */
function sealedPackets (inner: Buffer): Buffer {
  const prefix = randomBytes(16)
  const plain = Buffer.concat([prefix, prefix.subarray(14), inner, Buffer.from([0xd3, 20])])
  const cipher = createCipheriv('aes-256-cfb', createHash('sha256').update(PASSPHRASE).digest(), Buffer.alloc(16))
  const bytes = cipher.update(Buffer.concat([plain, createHash('sha1').update(plain).digest()]))
  return Buffer.concat([packet(3, Buffer.from([4, 9, 0, 8])), packet(18, Buffer.concat([Buffer.from([1]), bytes]))])
}

const literal = (bytes: Buffer): Buffer => packet(11, Buffer.concat([Buffer.from('b\0\0\0\0\0', 'latin1'), bytes]))

test('a message that is made by hand is opened', async () => {
  assert.equal(
    (await through(OPENPGP.decode(), [sealedPackets(literal(Buffer.from('the ledger')))])).toString(),
    'the ledger'
  )
})

for (const size of [100, 200_000, 2_000_000]) {
  for (
    const [what, bytes] of [
      ['compressed in a way of its own', sealedPackets(packet(8, Buffer.alloc(size, 125)))],
      [
        'compressed in a way of its own, without a length',
        sealedPackets(Buffer.concat([Buffer.from([0xa3]), Buffer.alloc(size, 125)]))
      ],
      ['sealed again, in no known version', sealedPackets(packet(18, Buffer.alloc(size, 9)))],
      ['a packet of a reserved kind', sealedPackets(packet(20, Buffer.alloc(size, 9)))],
      ['data in no known version', Buffer.concat([packet(3, iterated), packet(18, Buffer.alloc(size, 9))])]
    ] as const
  ) {
    test(`OpenPGP that is ${what}, of ${size} bytes, is damage and not waited for`, { timeout: 120_000 }, async () => {
      await rejectsWith('DECODE_FAILED', through(OPENPGP.decode(), chunks(bytes, 65_536)))
    })
  }
}

const compressed = (...inner: Buffer[]): Buffer =>
  packet(8, Buffer.concat([Buffer.from([1]), deflateRawSync(Buffer.concat(inner))]))
/** A signature of 64 MiB, compressed with bzip2. */
const BZIP2 = Buffer.concat([
  Buffer.from([3]),
  Buffer.from(
    'QlpoOTFBWSZTWQGH06UFfjjABMQAEAAACKAAUGaATVTTPfIqAllJJBVW5lCoCW8YoKyTKaz9OWIlAFE6IABkAAAEEAAYZgKU0wlRCbESohPF3JFOFCQ+X1jAAA==',
    'base64'
  )
])
const LEDGER = literal(Buffer.from('the ledger'))
const chunked = (tag: number, version: number, exponent: number): Buffer =>
  message(packet(3, iterated), packet(tag, Buffer.concat([Buffer.from([version, 9, 2, exponent]), randomBytes(80)])))

for (
  const [what, bytes, reason] of [
    ['a signature of 64 MiB', sealedPackets(packet(2, Buffer.alloc(64 * 1024 * 1024))), /is longer than/],
    [
      'a signature of 64 MiB, compressed',
      sealedPackets(compressed(packet(2, Buffer.alloc(64 * 1024 * 1024)))),
      /is longer than/
    ],
    ['a signature of 64 MiB, compressed with bzip2', sealedPackets(packet(8, BZIP2)), /is longer than/],
    [
      'a compressed signature that nothing seals',
      compressed(packet(2, Buffer.alloc(64 * 1024 * 1024))),
      /is longer than/
    ],
    [
      'a marker of 64 MiB, compressed',
      sealedPackets(compressed(packet(10, Buffer.alloc(64 * 1024 * 1024)))),
      /is longer than/
    ],
    [
      'a signature of 64 MiB after its data',
      sealedPackets(compressed(LEDGER, packet(2, Buffer.alloc(64 * 1024 * 1024)))),
      /is longer than/
    ],
    [
      '100,000 signatures',
      sealedPackets(compressed(many(100_000, () => packet(4, Buffer.from([3, 0, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]))))),
      /are outside its data/
    ],
    [
      'data again after its data',
      sealedPackets(compressed(LEDGER, literal(Buffer.alloc(64 * 1024 * 1024)))),
      /data more than once/
    ],
    ['chunks of 8 MiB', chunked(20, 1, 17), /chunks are longer/],
    ['chunks of 2^56 bytes, version 2', chunked(18, 2, 50), /chunks are longer/],
    [
      'a first part of 2 bytes',
      message(packet(3, iterated), Buffer.from([0xc0 | 20, 225, 1, 9, 225, 2, 50])),
      /first part/
    ]
  ] as const
) {
  test(`OpenPGP with ${what} is damage, and is not read into memory`, { timeout: 120_000 }, async () => {
    const before = process.memoryUsage.rss()
    const error = await rejectsWith('DECODE_FAILED', through(OPENPGP.decode(), chunks(bytes, 65_536)))
    assert.match(error.message, reason)
    assert.ok(process.memoryUsage.rss() - before < 256 * 1024 * 1024)
  })
}

for (
  const [what, bytes] of [
    ['compressed within compressed', sealedPackets(compressed(compressed(LEDGER)))],
    ['sealed within sealed', sealedPackets(sealedPackets(LEDGER))],
    ['sealed within compressed', compressed(sealedPackets(LEDGER))],
    ['sealed within compressed within sealed', sealedPackets(compressed(sealedPackets(LEDGER)))]
  ] as const
) {
  test(`OpenPGP that is ${what} is not opened`, async () => {
    await assert.rejects(through(OPENPGP.decode(), [bytes]), { name: 'BackupError' })
  })
}

test('a message that is compressed, with markers around its data, is opened', async () => {
  const marker = packet(10, Buffer.from('PGP'))
  assert.equal(
    (await through(OPENPGP.decode(), chunks(sealedPackets(compressed(marker, LEDGER, marker)), 1))).toString(),
    'the ledger'
  )
})

for (const aeadChunkSizeByte of [0, 16]) {
  test(`a message in chunks of 2^${aeadChunkSizeByte + 6} bytes is opened`, async () => {
    const sealed = await encrypt({
      message: await createMessage({ binary: new Uint8Array(LARGE) }),
      passwords: [PASSPHRASE],
      format: 'binary',
      config: { aeadProtect: true, aeadChunkSizeByte }
    })
    assert.deepEqual(await through(OPENPGP.decode(), chunks(Buffer.from(sealed as Uint8Array), 65_536)), LARGE)
  })
}

test('a message in pieces of one byte is opened', async () => {
  const sealed = await through(openpgpCipher({ passphrase: PASSPHRASE }).seal().encode(), [Buffer.from('the ledger')])
  assert.equal((await through(OPENPGP.decode(), chunks(sealed, 1))).toString(), 'the ledger')
})
