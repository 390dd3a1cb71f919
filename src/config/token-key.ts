import { createPublicKey, type KeyObject } from 'node:crypto'
import { Secret } from '../core/secret.ts'
import type { TokenKey } from './config.ts'
import type { OptionValues } from './options.ts'
import type { Algorithm } from './service-options.ts'
import type { Problem } from './problem.ts'

/** What proves a token, by the options given; undefined where none is, and where a problem was reported. */
export function readTokenKey (options: OptionValues, problems: Problem[]): TokenKey | undefined {
  const { jwtSecret, jwtPublicKey, jwtAlgorithm } = options
  if (jwtSecret !== undefined && jwtPublicKey !== undefined) {
    problems.push({
      name: 'JWT_PUBLIC_KEY',
      problem: 'is set in addition to JWT_SECRET',
      remedy: 'Keep one of the two: exactly one kind of token is accepted.'
    })
    return undefined
  }
  if (jwtPublicKey !== undefined) return readPublicKey(jwtPublicKey, jwtAlgorithm, problems)
  if (jwtAlgorithm !== undefined && jwtAlgorithm !== 'HS256') {
    problems.push({
      name: 'JWT_ALGORITHM',
      problem: `"${jwtAlgorithm}" needs a public key`,
      remedy: 'Set JWT_PUBLIC_KEY, or remove JWT_ALGORITHM.'
    })
    return undefined
  }
  if (jwtSecret === undefined) return undefined
  if (jwtSecret.includes('-----BEGIN')) {
    problems.push({
      name: 'JWT_SECRET',
      problem: 'is a key in PEM format, not a shared secret',
      remedy: 'Set a public key with JWT_PUBLIC_KEY; create a secret with "openssl rand -hex 32".'
    })
    return undefined
  }
  return { algorithm: 'HS256', key: new Secret(jwtSecret) }
}

function readPublicKey (text: string, wanted: Algorithm | undefined, problems: Problem[]): TokenKey | undefined {
  // A variable holds no line breaks in many places that set one, so "\\n" stands for them there.
  const inspected = inspectPublicKey(text.replaceAll('\\n', '\n'), wanted)
  if (!('problem' in inspected)) return inspected
  problems.push({ name: 'JWT_PUBLIC_KEY', ...inspected })
  return undefined
}

function inspectPublicKey (pem: string, wanted: Algorithm | undefined): TokenKey | Omit<Problem, 'name'> {
  if (pem.includes('PRIVATE KEY-----')) {
    return {
      problem: 'is a private key',
      remedy: 'Set the public key ("openssl pkey -pubout"), and keep the private key where tokens are created.'
    }
  }
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch {
    return {
      problem: 'is not a public key in PEM format',
      remedy: 'Set the text that starts with "-----BEGIN PUBLIC KEY-----", or its file with JWT_PUBLIC_KEY_FILE.'
    }
  }
  const algorithm = algorithmOf(key)
  if (algorithm === undefined) {
    return {
      problem: 'is a key of an unsupported type',
      remedy: 'Use an RSA key of at least 2048 bits, an EC key on P-256, or an Ed25519 key.'
    }
  }
  if (wanted !== undefined && wanted !== algorithm) {
    return {
      problem: `is a key for ${algorithm}, but JWT_ALGORITHM is ${wanted}`,
      remedy: 'Remove JWT_ALGORITHM, or set the other key.'
    }
  }
  return { algorithm, key: new Secret(pem) }
}

function algorithmOf (key: KeyObject): Algorithm | undefined {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2048) return 'RS256'
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256'
  return key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : undefined
}
