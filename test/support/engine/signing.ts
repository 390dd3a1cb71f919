import { generateKeyPairSync } from 'node:crypto'
import { Signing, type SigningOptions } from '../../../src/engine/signing.ts'

type Given = Partial<Pick<SigningOptions, 'trusted' | 'isRequired'>>

export interface TestSigning extends Signing {
  /** The same installation with other options, which may change later. */
  readonly with: (options: Given) => TestSigning
}

/** An installation with a new key. */
export function testSigning (options: Given = {}): TestSigning {
  const { privateKey } = generateKeyPairSync('ed25519')
  const key = () => privateKey
  const made = (given: Given): TestSigning => {
    const all = {
      get trusted () {
        return given.trusted ?? []
      },
      get isRequired () {
        return given.isRequired ?? false
      },
      read: key,
      ensure: key
    }
    return Object.assign(new Signing(all), { with: made })
  }
  return made(options)
}
