import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import type { Identity, Recipient } from 'age-encryption'
import type { BackupError } from '../core/errors.ts'
import { derivationTurn } from './derivation.ts'
import { undecryptable } from './undecryptable.ts'

/*
 * The passphrase stanza of an age file. Node derives the key on its thread pool; the library would stop the API for a
 * second or two. https://age-encryption.org/v1, "The scrypt recipient type".
 */
const TYPE = 'scrypt'
const SALT = 16
/**
 * 128 MiB and a good third of a second for each guess. `age` takes 256 MiB, which is much for a small server every
 * hour.
 */
const WORK_FACTOR = 17
/** As dear as `age -p` makes it, 256 MiB: whoever can write to a store could ask for more, and stop a small server. */
const MOST_WORK = 18
const ZERO = Buffer.alloc(12)
const TAG = 16

export function passphraseRecipient (passphrase: string): Recipient {
  return {
    async wrapFileKey (fileKey) {
      const salt = randomBytes(SALT)
      const cipher = createCipheriv('chacha20-poly1305', await derived(passphrase, salt, WORK_FACTOR), ZERO, {
        authTagLength: TAG
      })
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
      const { Stanza } = await import('age-encryption')
      return [new Stanza([TYPE, unpadded(salt), String(WORK_FACTOR)], body)]
    }
  }
}

/**
 * Asks for the key of the file. Throws `DECODE_FAILED`, before any key is derived, where that would cost more than
 * `age -p` ever asks for.
 */
export function passphraseIdentity (passphrase: string): Identity {
  return {
    async unwrapFileKey (stanzas) {
      const [stanza] = stanzas
      // Beside a passphrase there may be no other way in, for that would say nothing of who sealed it.
      if (stanza === undefined || stanzas.length !== 1) return null
      const [type, salt = '', work = ''] = stanza.args
      if (type !== TYPE || stanza.args.length !== 3 || stanza.body.length !== 32 || !/^[1-9]\d*$/.test(work)) {
        return null
      }
      if (Number(work) > MOST_WORK) throw tooDear(work)
      const decipher = createDecipheriv(
        'chacha20-poly1305',
        await derived(passphrase, Buffer.from(salt, 'base64'), Number(work)),
        ZERO,
        { authTagLength: TAG }
      )
      decipher.setAuthTag(stanza.body.subarray(-TAG))
      const fileKey = decipher.update(stanza.body.subarray(0, -TAG))
      try {
        decipher.final()
        return fileKey
      } catch {
        // Another passphrase.
        return null
      }
    }
  }
}

function tooDear (work: string): BackupError {
  return undecryptable(
    `the age stream is rejected: its passphrase has the work factor ${work}, and the maximum is ${MOST_WORK}`,
    {
      hint:
        `Holdfast uses at most ${WORK_FACTOR}, so another program wrote this file. If you trust it, decrypt it with "age --decrypt", and encrypt it again with "age --passphrase", which uses ${MOST_WORK}.`
    }
  )
}

async function derived (passphrase: string, salt: Uint8Array, work: number): Promise<Buffer> {
  const [N, r] = [2 ** work, 8]
  const turnIsOver = await derivationTurn()
  return await new Promise<Buffer>((resolve, reject) => {
    scrypt(passphrase, Buffer.concat([Buffer.from('age-encryption.org/v1/scrypt'), salt]), 32, {
      N,
      r,
      p: 1,
      maxmem: 2 * 128 * N * r
    }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  }).finally(turnIsOver)
}

function unpadded (bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
