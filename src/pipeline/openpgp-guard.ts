/*
 * A message of OpenPGP is a sequence of packets, and what is inside of sealed or compressed data is one again (RFC
 * 9580, 4 and 10.3). The library streams the data, and reads every other packet whole into memory. It tries all those
 * that hold the key of the message (5.1 and 5.3) side by side, and each gives itself how dear that is. Anybody who can
 * write to a store can write such packets, so their number, their length and their price are checked before the library
 * gets them, in each sequence.
 */

/** Key packets in all, of the same key, and for a key that is not named. */
const MOST = { recipients: 256, same: 4, unnamed: 16, passphrases: 4 } as const
/** Bytes of one packet that is no data, and of all of them in one sequence. */
const PACKET = 16 * 1024
const TOGETHER = 256 * 1024
/**
 * Argon2: 2^18 KiB are 256 MiB; passes times memory as for three passes over that. Ours have none, GnuPG writes none.
 */
const ARGON2 = { exponent: 18, passes: 16, work: 3 * 2 ** 18 } as const
/**
 * Sealed data in chunks, each held in memory until it is proven: 2^(16 + 6) bytes are the 4 MiB that GnuPG makes, the
 * most by RFC 9580, 5.13.2.
 */
const CHUNK = { at: 3, exponent: 16 } as const
/** The least that data told in parts begins with (RFC 9580, 4.2.1.4). */
const FIRST_PART = 512

const TAG = { recipient: 1, passphrase: 3, compressed: 8, sealedBare: 9, literal: 11, sealed: 18, chunked: 20 } as const
const DATA: ReadonlySet<number> = new Set([TAG.compressed, TAG.sealedBare, TAG.literal, TAG.sealed, TAG.chunked])

/** The message asks for more than any backup does. */
export class TooDear extends Error {}

type Bytes = Uint8Array<ArrayBuffer>

/**
 * The same sequence of packets, from when its data has begun. The stream breaks with `TooDear` ahead of what asks for
 * too much; `refuse` is called with it before.
 */
export function guarded (input: ReadableStream<Bytes>, refuse: (error: TooDear) => void): ReadableStream<Bytes> {
  const check = packetCheck()
  let held: Bytes[] = []
  return input.pipeThrough(
    new TransformStream<Bytes, Bytes>(
      {
        transform (chunk, controller) {
          held.push(chunk)
          try {
            if (!check(chunk)) return
          } catch (error) {
            if (error instanceof TooDear) refuse(error)
            throw error
          }
          for (const bytes of held) controller.enqueue(bytes)
          held = []
        },
        flush (controller) {
          for (const bytes of held) controller.enqueue(bytes)
        }
      },
      undefined,
      { highWaterMark: 0 }
    )
  )
}

/**
 * Takes the bytes of one sequence in their order, and returns whether its data has begun, or what is no packet at all,
 * which is left to the library. Throws `TooDear` no later than with the last byte of a packet that asks for too much.
 */
function packetCheck (): (chunk: Bytes) => boolean {
  const counts = { recipients: 0, unnamed: 0, passphrases: 0, same: new Map<string, number>() }
  /** The beginning of a packet or of a length that is not all there. */
  let kept: Bytes = new Uint8Array()
  /** Bytes of data until the next length, if more parts follow, or else the next packet. */
  let ahead = 0
  let isInParts = false
  let together = 0
  let hasData = false

  /** How many of the bytes are done with; undefined: more must come first. */
  function step (bytes: Bytes): number | undefined {
    if (isInParts) {
      const part = partAt(bytes, 0)
      if (part === undefined) return undefined
      ahead = part.length
      isInParts = part.isInParts
      return part.size
    }
    const packet = packetAt(bytes)
    if (packet === undefined) return undefined
    if (packet === 'none') {
      ahead = Infinity
      hasData = true
      return 0
    }
    const { tag, start, length } = packet
    if (DATA.has(tag)) {
      // The library streams the first one alone.
      if (hasData) throw new TooDear('it has data more than once')
      if (!checkData(packet, bytes)) return undefined
      hasData = true
      ahead = length
      isInParts = packet.isInParts
      return start
    }
    if (packet.isInParts || length > PACKET) {
      throw new TooDear(`a packet next to its data is longer than ${PACKET} bytes`)
    }
    if (together + start + length > TOGETHER) throw new TooDear(`more than ${TOGETHER} bytes are outside its data`)
    if (start + length > bytes.length) return undefined
    together += start + length
    const body = bytes.subarray(start, start + length)
    if (tag === TAG.passphrase) checkPassphrase(body, ++counts.passphrases)
    if (tag === TAG.recipient) checkRecipient(body, counts)
    return start + length
  }

  return chunk => {
    let rest = kept.length === 0 ? chunk : joinedBytes(kept, chunk)
    kept = new Uint8Array()
    for (;;) {
      const passed = Math.min(ahead, rest.length)
      ahead -= passed
      rest = rest.subarray(passed)
      if (rest.length === 0) return hasData
      const done = step(rest)
      if (done === undefined) {
        kept = rest.slice()
        return hasData
      }
      rest = rest.subarray(done)
    }
  }
}

interface Part {
  /** Bytes that its length is told in. */
  readonly size: number
  /** Infinity: up to the end. */
  readonly length: number
  /** Another part follows. */
  readonly isInParts: boolean
}

interface Packet extends Omit<Part, 'size'> {
  readonly tag: number
  /** Where its body is. */
  readonly start: number
}

/** The header of a packet, of the present form or the old one (RFC 9580, 4.2); undefined: it is not all there. */
function packetAt (bytes: Bytes): Packet | 'none' | undefined {
  const [first] = bytes
  if (first === undefined) return undefined
  if ((first & 0x80) === 0) return 'none'
  const isOld = (first & 0x40) === 0
  const part = isOld ? oldPartOf(first, bytes) : partAt(bytes, 1)
  if (part === undefined) return undefined
  const { size, length, isInParts } = part
  return { tag: isOld ? first >> 2 & 0x0f : first & 0x3f, start: 1 + size, length, isInParts }
}

function oldPartOf (first: number, bytes: Bytes): Part | undefined {
  return (first & 3) === 3 ? { size: 0, length: Infinity, isInParts: false } : numberAt(bytes, 1, 1 << (first & 3), 0)
}

/** The length of a part, of the present form (RFC 9580, 4.2.1). */
function partAt (bytes: Bytes, at: number): Part | undefined {
  const [one, two] = bytes.subarray(at)
  if (one === undefined) return undefined
  if (one < 192) return { size: 1, length: one, isInParts: false }
  if (one === 255) return numberAt(bytes, at + 1, 4, 1)
  if (one >= 224) return { size: 1, length: 2 ** (one & 0x1f), isInParts: true }
  return two === undefined ? undefined : { size: 2, length: (one - 192) * 256 + two + 192, isInParts: false }
}

function numberAt (bytes: Bytes, at: number, digits: number, before: number): Part | undefined {
  if (bytes.length < at + digits) return undefined
  return {
    size: before + digits,
    length: bytes.subarray(at, at + digits).reduce((sum, byte) => sum * 256 + byte, 0),
    isInParts: false
  }
}

/** Whether enough of it is there to know the length of its chunks, if it has any. */
function checkData ({ tag, start, length, isInParts }: Packet, bytes: Bytes): boolean {
  if (tag !== TAG.sealed && tag !== TAG.chunked) return true
  if (isInParts && length < FIRST_PART) throw new TooDear(`its first part is shorter than ${FIRST_PART} bytes`)
  if (length <= CHUNK.at) return true
  const version = bytes[start]
  const exponent = bytes[start + CHUNK.at]
  if (exponent === undefined) return false
  if ((tag === TAG.chunked || version === 2) && exponent > CHUNK.exponent) {
    throw new TooDear('its chunks are longer than 4 MiB')
  }
  return true
}

function checkRecipient (
  body: Bytes,
  counts: { recipients: number, unnamed: number, readonly same: Map<string, number> }
): void {
  const id = Buffer.from(body[0] === 6 ? body.subarray(2, 2 + (body[1] ?? 0)) : body.subarray(1, 9))
  const isUnnamed = id.every(byte => byte === 0)
  const key = id.toString('hex')
  const same = (counts.same.get(key) ?? 0) + 1
  counts.same.set(key, same)
  counts.recipients++
  if (isUnnamed) counts.unnamed++
  if (counts.recipients > MOST.recipients || counts.unnamed > MOST.unnamed || (!isUnnamed && same > MOST.same)) {
    throw new TooDear('it is encrypted for more keys than a backup can have')
  }
}

/** Where the rule by which the key is made of the passphrase begins depends on the version: 4, 5 or 6. */
function checkPassphrase (body: Bytes, count: number): void {
  if (count > MOST.passphrases) throw new TooDear('it is encrypted with more passphrases than a backup can have')
  const rule = body.subarray(({ 4: 2, 5: 3, 6: 5 } as const)[body[0] ?? 0] ?? body.length)
  // The iterations of the other rules are at most 62 MiB of hashing by their form.
  if (rule[0] !== 4) return
  const [passes = 0, , exponent = 0] = rule.subarray(17)
  if (exponent > ARGON2.exponent || passes > ARGON2.passes || passes * 2 ** exponent > ARGON2.work) {
    throw new TooDear('its passphrase requires more time or memory than that of a backup')
  }
}

function joinedBytes (one: Bytes, other: Bytes): Bytes {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}
