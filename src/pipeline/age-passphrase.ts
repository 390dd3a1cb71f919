import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { Stanza, type Identity, type Recipient } from 'age-encryption'

/*
 * The passphrase stanza of an age file. Node derives the key on its thread pool; the library would stop the API for a
 * second or two. https://age-encryption.org/v1, "The scrypt recipient type".
 */
const TYPE = 'scrypt'
const SALT = 16
/** 128 MiB and a good third of a second for each guess. `age` takes 256 MiB, which is much for a small server every hour. */
const WORK_FACTOR = 17
/** Somebody else may have sealed it more dearly: up to 1 GiB. */
const MOST_WORK = 20
const ZERO = Buffer.alloc(12)
const TAG = 16

export function passphraseRecipient (passphrase: string): Recipient {
  return {
    async wrapFileKey (fileKey) {
      const salt = randomBytes(SALT)
      const cipher = createCipheriv('chacha20-poly1305', await derived(passphrase, salt, WORK_FACTOR), ZERO, { authTagLength: TAG })
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
      return [new Stanza([TYPE, unpadded(salt), String(WORK_FACTOR)], body)]
    }
  }
}

export function passphraseIdentity (passphrase: string): Identity {
  return {
    async unwrapFileKey (stanzas) {
      const [stanza] = stanzas
      // Beside a passphrase there may be no other way in, for that would say nothing of who sealed it.
      if (stanza === undefined || stanzas.length !== 1) return null
      const [type, salt = '', work = ''] = stanza.args
      if (type !== TYPE || stanza.args.length !== 3 || stanza.body.length !== 32 || !/^[1-9]\d?$/.test(work) || Number(work) > MOST_WORK) return null
      const decipher = createDecipheriv('chacha20-poly1305', await derived(passphrase, Buffer.from(salt, 'base64'), Number(work)), ZERO, { authTagLength: TAG })
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

function derived (passphrase: string, salt: Uint8Array, work: number): Promise<Buffer> {
  const [N, r] = [2 ** work, 8]
  return new Promise((resolve, reject) => {
    scrypt(passphrase, Buffer.concat([Buffer.from('age-encryption.org/v1/scrypt'), salt]), 32, { N, r, p: 1, maxmem: 2 * 128 * N * r }, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

function unpadded (bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
