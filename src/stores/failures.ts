import { BackupError, systemCode, type ErrorCode } from '../core/errors.ts'
import { ANSWER_LIMIT, AnswerTooLong } from './answer.ts'

/** An error of a store as a user sees it: the code, the end of a sentence about the store, and what to do. */
export type Failure = readonly [code: ErrorCode, text: string, hint: string]

const PERMISSIONS = 'docs/operations.md lists the permissions under "Off-site copies"'
const UNREACHABLE: Failure = [
  'STORE_UNAVAILABLE',
  'cannot be reached',
  'Check the network, the endpoint and its port.'
]
const NO_NAME: Failure = [
  'STORE_UNAVAILABLE',
  'cannot be resolved',
  'Check the endpoint, the region if it has one, and the name resolution (DNS) of this machine.'
]

export const BAD_CREDENTIALS: Failure = [
  'STORE_UNAVAILABLE',
  'rejected the credentials',
  'Check the key and its secret, the expiry of a temporary token, and the clock of this machine.'
]
export const DENIED: Failure = [
  'STORE_UNAVAILABLE',
  'denies access with these credentials',
  `Grant the missing permissions: ${PERMISSIONS}.`
]
export const NO_OBJECT: Failure = [
  'OBJECT_NOT_FOUND',
  'does not exist',
  'Check the store: another user or a lifecycle rule removed the object.'
]
export const NO_CONTAINER: Failure = [
  'STORE_UNAVAILABLE',
  'does not exist',
  'Create the bucket or the container, or correct its name. The service does not create it.'
]
export const EXISTS: Failure = [
  'OBJECT_EXISTS',
  'already exists',
  'Objects are never overwritten. Move the existing one elsewhere.'
]
export const LOCKED: Failure = [
  'OBJECT_LOCKED',
  'is locked by a policy of the store',
  'Wait until the policy allows removal, or ask the administrator of the store to remove a hold.'
]
export const BUSY: Failure = [
  'STORE_UNAVAILABLE',
  'is too busy',
  'Retry later. If the error remains, lower the number of concurrent jobs.'
]
export const NO_RANGE: Failure = [
  'RANGE_NOT_SATISFIABLE',
  'does not have the requested range',
  'Request a range within its size.'
]
export const FULL: Failure = ['DISK_FULL', 'has no space left', 'Free space there, or raise the quota.']
const ENDLESS: Failure = [
  'STORE_FAILED',
  `responded with more than ${ANSWER_LIMIT} bytes, more than a store ever sends`,
  'Check proxies and gateways between this machine and the store, and whether the endpoint is correct.'
]
export const TIMED_OUT: Failure = [
  'STORE_UNAVAILABLE',
  'did not respond in time',
  'Check the network and the store, then retry.'
]

const BY_SYSTEM: Readonly<Record<string, Failure>> = {
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  EPIPE: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE
}

/** For answers without a body, as to HEAD, and for those of a proxy between this machine and the store. */
export const FAILURE_BY_STATUS: Readonly<Record<number, Failure>> = {
  401: BAD_CREDENTIALS,
  403: DENIED,
  404: NO_OBJECT,
  412: EXISTS,
  416: NO_RANGE,
  429: BUSY,
  502: BUSY,
  503: BUSY,
  504: BUSY,
  507: FULL
}

const PASSING = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE'])
const PASSING_STATUS = new Set([408, 429, 500, 502, 503, 504])

/** Whether an answer was longer than any may be, however deep that is. */
export function isEndless (error: unknown): boolean {
  return error instanceof Error && (error instanceof AnswerTooLong || isEndless(error.cause))
}

/** The code of the system behind an error, however deep it is. */
function deepCode (error: unknown): string {
  if (!(error instanceof Error)) return ''
  const own = systemCode(error)
  return own !== undefined && own in BY_SYSTEM ? own : deepCode(error.cause) || own || ''
}

export function isPassingFailure (error: unknown, status: number | undefined): boolean {
  return PASSING.has(deepCode(error)) || PASSING_STATUS.has(status ?? 0)
}

/**
 * The failure behind an error: that of the code of the store (`named`), or else that of all stores: the network, the
 * time, certificates, the status. `name` is the code of the store or the system, for a failure that is not known.
 */
export function failureOf (
  error: unknown,
  { named, name, status, byStatus = FAILURE_BY_STATUS }: {
    readonly named: Failure | undefined
    readonly name: string
    readonly status: number | undefined
    readonly byStatus?: Readonly<Record<number, Failure>>
  }
): Failure {
  if (isEndless(error)) return ENDLESS
  return named ?? networkFailure(error) ?? byStatus[status ?? 0] ?? unknownFailure(name, status)
}

/** What is the same for every store: the network, the time, certificates. */
export function networkFailure (error: unknown): Failure | undefined {
  if (isEndless(error)) return ENDLESS
  const code = deepCode(error)
  if (error instanceof Error && error.name === 'TimeoutError') return TIMED_OUT
  return untrusted(code) ?? BY_SYSTEM[code]
}

/** Of a code that complains of a certificate; undefined: it does not. */
function untrusted (code: string): Failure | undefined {
  if (!/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_)|SELF_SIGNED/.test(code)) return undefined
  return [
    'STORE_UNAVAILABLE',
    `cannot be trusted (${code})`,
    'Check the certificate of the endpoint. Set NODE_EXTRA_CA_CERTS to a file with the certificate of your own authority.'
  ]
}

function unknownFailure (name: string, status: number | undefined): Failure {
  return [
    'STORE_FAILED',
    `failed (${
      [name, status === undefined ? '' : `HTTP ${status}`].filter(part => part !== '').join(', ') || 'unknown'
    })`,
    'Look up the code in the documentation of the store, then retry.'
  ]
}

/**
 * The error about the object `key` of `place`, or about the store itself where that is empty. Its cause has only the
 * name (the code, if there is one) and the message: the rest of such an error repeats the request, with its signature.
 */
export function storeError (failure: Failure, error: unknown, key: string, place: string): BackupError {
  const [code, text, hint] = key === '' && failure[0] === 'OBJECT_NOT_FOUND' ? NO_CONTAINER : failure
  const isOfStore = key === '' || code === 'STORE_UNAVAILABLE' || code === 'DISK_FULL'
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return new BackupError(code, `${isOfStore ? `the store "${place}"` : `"${key}" in "${place}"`} ${text}`, {
    hint,
    cause: Object.assign(new Error(message), { name: systemCode(error) ?? name })
  })
}
