/*
 * What stands before the data of an OpenPGP message: packets that hold its key, each for a public key or for a passphrase (RFC 9580,
 * 5.1 and 5.3). The library tries all of them side by side, and each says itself how dear that is. Whoever can write to a store
 * can write such packets, so they are counted, and their price is read, before the library sees them.
 */

/** Key packets in all, of the same key, and for a key that is not named. */
const MOST = { recipients: 256, same: 4, unnamed: 16, passphrases: 4 } as const
/** Bytes of one of them, and of all that stands before the data. */
const PACKET = 16 * 1024
const HEAD = 256 * 1024
/** Argon2: 2^18 KiB are 256 MiB; passes times memory as for three passes over that. Ours have none, GnuPG writes none. */
const ARGON2 = { exponent: 18, passes: 16, work: 3 * 2 ** 18 } as const

const TAG = { recipient: 1, passphrase: 3, marker: 10, padding: 21 } as const

/** The message asks for more than any backup does. */
export class TooDear extends Error {}

type Bytes = Uint8Array<ArrayBuffer>

/** The same stream, once its beginning has been looked at. Rejects with `TooDear`. */
export async function guarded (input: ReadableStream<Bytes>): Promise<ReadableStream<Bytes>> {
  const reader = input.getReader()
  let head: Bytes = new Uint8Array()
  while (!isWholeHead(head)) {
    const next = await reader.read()
    if (next.done) break
    head = joinedBytes(head, next.value)
  }
  return new ReadableStream({
    async pull (controller) {
      if (head.length > 0) {
        controller.enqueue(head)
        head = new Uint8Array()
        return
      }
      const next = await reader.read()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    }
  }, { highWaterMark: 0 })
}

/** Whether the data has begun, or what is no packet at all, which is left to the library. Throws `TooDear`. */
function isWholeHead (bytes: Bytes): boolean {
  const counts = { recipients: 0, unnamed: 0, passphrases: 0, same: new Map<string, number>() }
  for (let at = 0; ;) {
    if (at > HEAD) throw new TooDear(`more than ${HEAD} bytes stand before its data`)
    const packet = packetAt(bytes, at)
    if (packet === undefined) return false
    if (packet === 'none' || !isBefore(packet.tag)) return true
    const { tag, start, length } = packet
    if (length === undefined || length > PACKET) throw new TooDear(`a packet before its data is longer than ${PACKET} bytes`)
    if (start + length > bytes.length) return false
    const body = bytes.subarray(start, start + length)
    if (tag === TAG.passphrase) checkPassphrase(body, ++counts.passphrases)
    if (tag === TAG.recipient) checkRecipient(body, counts)
    at = start + length
  }
}

function isBefore (tag: number): boolean {
  return Object.values<number>(TAG).includes(tag)
}

interface Packet {
  readonly tag: number
  readonly start: number
  /** undefined: it is told in parts, or goes to the end. */
  readonly length: number | undefined
}

/** The header of a packet, of the present form or the old one (RFC 9580, 4.2); undefined: it is not all there. */
function packetAt (bytes: Bytes, at: number): Packet | 'none' | undefined {
  const [first, one, two] = bytes.subarray(at)
  if (first === undefined) return undefined
  if ((first & 0x80) === 0) return 'none'
  const isOld = (first & 0x40) === 0
  const tag = isOld ? first >> 2 & 0x0f : first & 0x3f
  const told = (size: number, from: number): Packet | undefined => {
    if (bytes.length < at + from + size) return undefined
    const length = bytes.subarray(at + from, at + from + size).reduce((sum, byte) => sum * 256 + byte, 0)
    return { tag, start: at + from + size, length }
  }
  if (isOld) return (first & 3) === 3 ? { tag, start: at + 1, length: undefined } : told(1 << (first & 3), 1)
  if (one === undefined) return undefined
  if (one < 192) return { tag, start: at + 2, length: one }
  if (one === 255) return told(4, 2)
  if (one >= 224) return { tag, start: at + 2, length: undefined }
  return two === undefined ? undefined : { tag, start: at + 3, length: (one - 192) * 256 + two + 192 }
}

function checkRecipient (body: Bytes, counts: { recipients: number, unnamed: number, readonly same: Map<string, number> }): void {
  const id = Buffer.from(body[0] === 6 ? body.subarray(2, 2 + (body[1] ?? 0)) : body.subarray(1, 9))
  const isUnnamed = id.every(byte => byte === 0)
  const key = id.toString('hex')
  const same = (counts.same.get(key) ?? 0) + 1
  counts.same.set(key, same)
  counts.recipients++
  if (isUnnamed) counts.unnamed++
  if (counts.recipients > MOST.recipients || counts.unnamed > MOST.unnamed || (!isUnnamed && same > MOST.same)) throw new TooDear('it is sealed to more keys than any backup')
}

/** Where the rule by which the key is made of the passphrase begins depends on the version: 4, 5 or 6. */
function checkPassphrase (body: Bytes, count: number): void {
  if (count > MOST.passphrases) throw new TooDear('it is sealed with more passphrases than any backup')
  const rule = body.subarray(({ 4: 2, 5: 3, 6: 5 } as const)[body[0] ?? 0] ?? body.length)
  // The iterations of the other rules are at most 62 MiB of hashing by their form.
  if (rule[0] !== 4) return
  const [passes = 0, , exponent = 0] = rule.subarray(17)
  if (exponent > ARGON2.exponent || passes > ARGON2.passes || passes * 2 ** exponent > ARGON2.work) throw new TooDear('its passphrase asks for more work or memory than any backup')
}

function joinedBytes (one: Bytes, other: Bytes): Bytes {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}
