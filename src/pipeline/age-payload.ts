import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { undecryptable } from './undecryptable.ts'
import { Chunker } from './chunker.ts'

/*
 * The payload of an age file (https://age-encryption.org/v1): after its nonce, pieces of 64 KiB, each sealed with
 * ChaCha20-Poly1305 under its number and whether it is the last. OpenSSL seals more than a gigabyte a second.
 */
const ALGORITHM = 'chacha20-poly1305'
const PIECE = 64 * 1024
const TAG = 16
export const PAYLOAD_NONCE = 16

/** What has to stand before the payload, and what makes the payload of plain bytes. */
export function sealPayload (fileKey: Uint8Array): { readonly nonce: Buffer, readonly pieces: Chunker } {
  const nonce = randomBytes(PAYLOAD_NONCE)
  const key = payloadKey(fileKey, nonce)
  const next = pieceNonces()
  const pieces = new Chunker(PIECE, (piece, isLast) => {
    const cipher = createCipheriv(ALGORITHM, key, next(isLast), { authTagLength: TAG })
    const body = cipher.update(piece)
    // Nothing is held back by this algorithm, but the call is what makes the tag.
    cipher.final()
    return [body, cipher.getAuthTag()]
  })
  return { nonce, pieces }
}

/**
 * What makes plain bytes of the payload again. Throws `DECODE_FAILED` unless every piece is as it was sealed, in its
 * place, and the last one is the last.
 */
export function openPayload (fileKey: Uint8Array, nonce: Uint8Array): Chunker {
  const key = payloadKey(fileKey, nonce)
  const next = pieceNonces()
  let isFirst = true
  return new Chunker(PIECE + TAG, (piece, isLast) => {
    if (piece.length < TAG) throw undecryptable('the age stream is truncated')
    const decipher = createDecipheriv(ALGORITHM, key, next(isLast), { authTagLength: TAG })
    decipher.setAuthTag(piece.subarray(-TAG))
    const plain = decipher.update(piece.subarray(0, -TAG))
    try {
      decipher.final()
    } catch (cause) {
      throw undecryptable('the age stream is damaged, truncated, or has data after its end', { cause })
    }
    // Only a file of no bytes at all ends with a piece of none.
    if (isLast && plain.length === 0 && !isFirst) throw undecryptable('the age stream ends with an empty chunk')
    isFirst = false
    return [plain]
  })
}

function payloadKey (fileKey: Uint8Array, nonce: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))
}

/** The number of the piece in eleven bytes, and one that says whether it is the last. */
function pieceNonces (): (isLast: boolean) => Buffer {
  let number = 0
  return isLast => {
    const nonce = Buffer.alloc(12)
    nonce.writeUIntBE(number++, 5, 6)
    nonce.writeUInt8(isLast ? 1 : 0, 11)
    return nonce
  }
}
