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
      problem: 'is given beside JWT_SECRET',
      remedy: 'Keep one of the two: exactly one kind of token is accepted.'
    })
    return undefined
  }
  if (jwtPublicKey !== undefined) return readPublicKey(jwtPublicKey, jwtAlgorithm, problems)
  if (jwtAlgorithm !== undefined && jwtAlgorithm !== 'HS256') {
    problems.push({
      name: 'JWT_ALGORITHM',
      problem: `"${jwtAlgorithm}" needs a public key`,
      remedy: 'Give JWT_PUBLIC_KEY, or leave JWT_ALGORITHM out.'
    })
    return undefined
  }
  if (jwtSecret === undefined) return undefined
  if (jwtSecret.includes('-----BEGIN')) {
    problems.push({
      name: 'JWT_SECRET',
      problem: 'is a key in PEM form, which is no secret',
      remedy: 'Give a public key as JWT_PUBLIC_KEY; make a secret with "openssl rand -hex 32".'
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
      remedy: 'Give the public one ("openssl pkey -pubout"), and keep the private one where tokens are made.'
    }
  }
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch {
    return {
      problem: 'is not a public key in PEM form',
      remedy: 'Give the text that starts with "-----BEGIN PUBLIC KEY-----", or its file as JWT_PUBLIC_KEY_FILE.'
    }
  }
  const algorithm = algorithmOf(key)
  if (algorithm === undefined) {
    return {
      problem: 'is a key of a kind that is not supported',
      remedy: 'Use an RSA key of at least 2048 bits, an EC key on P-256, or an Ed25519 key.'
    }
  }
  if (wanted !== undefined && wanted !== algorithm) {
    return {
      problem: `is a key for ${algorithm}, but JWT_ALGORITHM says ${wanted}`,
      remedy: 'Leave JWT_ALGORITHM out, or give the other key.'
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
