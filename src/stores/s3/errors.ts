import { BackupError, systemCode } from '../../core/errors.ts'
import {
  ENDLESS,
  isEndless,
  BUSY,
  DENIED,
  TIMED_OUT,
  PASSING_STATUS,
  UNREACHABLE,
  EXISTS,
  unknownFailure,
  untrusted,
  type Failure
} from '../failures.ts'

const BAD_CREDENTIALS: Failure = [
  'STORE_UNAVAILABLE',
  'rejected the credentials',
  'Check the access key and the secret and, for temporary credentials, the session token and its expiry.'
]
const WRONG_REGION: Failure = [
  'STORE_UNAVAILABLE',
  'is in another region',
  'Set the region of the bucket.'
]
const NO_BUCKET: Failure = [
  'STORE_UNAVAILABLE',
  'does not exist',
  'Create the bucket, or correct its name. The service does not create it.'
]
const NO_OBJECT: Failure = [
  'OBJECT_NOT_FOUND',
  'does not exist',
  'Check the bucket: another user or a lifecycle rule removed the object.'
]
const NO_NAME: Failure = [
  'STORE_UNAVAILABLE',
  'cannot be resolved',
  'Check the endpoint, the region and the name resolution (DNS) of this machine.'
]
const FULL: Failure = ['DISK_FULL', 'has no space left', 'Free space there, or raise the quota.']

/** By the code of S3, or of the system where no answer came. */
const BY_NAME: Readonly<Record<string, Failure>> = {
  NoSuchBucket: NO_BUCKET,
  NoSuchKey: NO_OBJECT,
  NotFound: NO_OBJECT,
  PreconditionFailed: EXISTS,
  InvalidRange: ['RANGE_NOT_SATISFIABLE', 'does not have the requested range', 'Request a range within its size.'],
  InvalidObjectState: [
    'OBJECT_ARCHIVED',
    'is in cold storage and cannot be read yet',
    'Request a thaw, and retry when it is complete.'
  ],
  AccessDenied: DENIED,
  AllAccessDisabled: DENIED,
  AccountProblem: DENIED,
  InvalidAccessKeyId: BAD_CREDENTIALS,
  SignatureDoesNotMatch: BAD_CREDENTIALS,
  ExpiredToken: BAD_CREDENTIALS,
  InvalidToken: BAD_CREDENTIALS,
  TokenRefreshRequired: BAD_CREDENTIALS,
  CredentialsProviderError: [
    'STORE_UNAVAILABLE',
    'cannot be used without credentials',
    'Set them in the configuration, or in one of the default locations of the AWS tools.'
  ],
  PermanentRedirect: WRONG_REGION,
  AuthorizationHeaderMalformed: WRONG_REGION,
  IllegalLocationConstraintException: WRONG_REGION,
  RequestTimeTooSkewed: [
    'STORE_UNAVAILABLE',
    'reports a different time from this machine',
    'Correct the clock of this machine: a difference of more than 15 minutes is rejected.'
  ],
  SlowDown: BUSY,
  ServiceUnavailable: BUSY,
  TooManyRequests: BUSY,
  QuotaExceeded: FULL,
  InsufficientStorage: FULL,
  XMinioStorageFull: FULL,
  TimeoutError: TIMED_OUT,
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: UNREACHABLE,
  EPIPE: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE
}

/** For answers without a body, as to HEAD, and for those of whatever stands between us and the store. */
const BY_STATUS: Readonly<Record<number, Failure>> = {
  301: WRONG_REGION,
  307: WRONG_REGION,
  401: BAD_CREDENTIALS,
  403: DENIED,
  404: NO_OBJECT,
  412: EXISTS,
  416: BY_NAME.InvalidRange as Failure,
  429: BUSY,
  502: BUSY,
  503: BUSY,
  504: BUSY,
  507: FULL
}

/** What may pass by itself, or with the very next try. A digest that does not fit was damaged on its way. */
const PASSING = new Set([
  'SlowDown',
  'InternalError',
  'RequestTimeout',
  'RequestTimeTooSkewed',
  'TimeoutError',
  'OperationAborted',
  'ConditionalRequestConflict',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'XAmzContentChecksumMismatch',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN'
])

/** Whether the same request may succeed when it is made again. */
export function isPassing (error: unknown): boolean {
  return PASSING.has(nameOf(error)) || PASSING_STATUS.has(statusOf(error) ?? 0)
}

/** Whether the store says that it does not know what was asked of it. */
export function isUnknownToStore (error: unknown): boolean {
  return ['NotImplemented', 'MethodNotAllowed'].includes(s3Name(error))
}

/**
 * What went wrong with the object `key` of `place`, or with the bucket where that is empty, in the store's own codes.
 */
export function s3Error (error: unknown, key: string, place: string): BackupError {
  if (error instanceof BackupError) return error
  const name = nameOf(error)
  const found = (isEndless(error) ? ENDLESS : undefined) ?? BY_NAME[name] ?? untrusted(name) ??
    BY_STATUS[statusOf(error) ?? 0] ?? unknownFailure(name, statusOf(error))
  const failure = key === '' && found === NO_OBJECT ? NO_BUCKET : found
  const isOfBucket = key === '' || failure[0] === 'STORE_UNAVAILABLE' || failure[0] === 'DISK_FULL'
  const what = isOfBucket ? `the store "${place}"` : `"${key}" in "${place}"`
  return new BackupError(failure[0], `${what} ${failure[1]}`, { hint: failure[2], cause: told(error) })
}

/** The code of S3 of an error that was translated, or that was not yet. */
export function s3Name (error: unknown): string {
  return nameOf(error instanceof BackupError ? error.cause : error)
}

function nameOf (error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.name : '')
}

function statusOf (error: unknown): number | undefined {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number }
    $response?: { statusCode?: number }
  }
  return $metadata?.httpStatusCode ?? $response?.statusCode
}

/** Name and words alone: the rest of such an error repeats the request, with the key that it was signed with. */
function told (error: unknown): Error {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  return Object.assign(new Error(message), { name: systemCode(error) ?? name })
}
