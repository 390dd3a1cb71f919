import { Transform } from 'node:stream'
import { PASSPHRASE_KEY, SEAL_EXTENSIONS, type Cipher, type Opener } from '../core/ports/encryption.ts'
import { headerEnd, makeHeader, openHeader, type AgeIdentities, type AgeRecipients } from './age-header.ts'
import { openPayload, PAYLOAD_NONCE, sealPayload } from './age-payload.ts'
import type { Chunker } from './chunker.ts'
import { undecryptable } from './undecryptable.ts'

type FindKey = (header: Buffer) => Promise<Uint8Array>

/**
 * Seals as `age -r …` does, or as `age -p`. It stays on the thread that calls: a piece takes OpenSSL as long as its
 * SHA-256.
 */
export function ageCipher (to: AgeRecipients): Cipher {
  return {
    encryption: 'age',
    extension: SEAL_EXTENSIONS.age,
    keys: 'passphrase' in to ? [PASSPHRASE_KEY] : to.recipients,
    seal () {
      const made = makeHeader(to)
      // Whoever encodes or decodes sees the rejection; until then it must not count as unhandled.
      made.catch(() => {})
      return { encode: () => encodeStage(made), decode: () => decodeStage(async () => (await made).fileKey) }
    }
  }
}

/** Opens what `age` or we have sealed. */
export function ageOpener (identities: AgeIdentities): Opener {
  return { decode: () => decodeStage(header => openHeader(header, identities)) }
}

function encodeStage (made: ReturnType<typeof makeHeader>): Transform {
  let pieces: Chunker
  const begin = async (stage: Transform): Promise<void> => {
    const { header, fileKey } = await made
    const sealed = sealPayload(fileKey)
    pieces = sealed.pieces
    stage.push(Buffer.concat([header, sealed.nonce]))
  }
  return new Transform({
    construct (done) {
      begin(this).then(() => {
        done()
      }, done)
    },
    transform (chunk: Buffer, _encoding, done) {
      done(null, orNothing(pieces.add(chunk)))
    },
    flush (done) {
      done(null, pieces.end())
    }
  })
}

function decodeStage (findKey: FindKey): Transform {
  let pieces: Chunker | undefined
  let head = Buffer.alloc(0)
  /** The payload's first bytes, once all that stands before them is there. */
  const begin = async (chunk: Buffer): Promise<Buffer | undefined> => {
    head = Buffer.concat([head, chunk])
    const end = headerEnd(head)
    if (end === undefined || head.length < end + PAYLOAD_NONCE) return undefined
    pieces = openPayload(await findKey(head.subarray(0, end)), head.subarray(end, end + PAYLOAD_NONCE))
    return head.subarray(end + PAYLOAD_NONCE)
  }
  const take = async (chunk: Buffer): Promise<Buffer | undefined> => {
    const payload = pieces === undefined ? await begin(chunk) : chunk
    return payload === undefined ? undefined : orNothing(pieces?.add(payload))
  }
  return new Transform({
    transform (chunk: Buffer, _encoding, done) {
      take(chunk).then(plain => {
        done(null, plain)
      }, done)
    },
    flush (done) {
      if (pieces === undefined) {
        done(undecryptable('the age stream ends in its header'))
        return
      }
      try {
        done(null, orNothing(pieces.end()))
      } catch (error) {
        done(error as Error)
      }
    }
  })
}

/** A stage that is given no bytes to pass on passes on nothing. */
function orNothing (bytes: Buffer | undefined): Buffer | undefined {
  return bytes?.length === 0 ? undefined : bytes
}
