import { BackupError, systemCode } from '../../core/errors.ts'
import {
  BAD_CREDENTIALS,
  BUSY,
  DENIED,
  EXISTS,
  failureOf,
  FAILURE_BY_STATUS,
  FULL,
  isPassingFailure,
  NO_CONTAINER,
  NO_OBJECT,
  NO_RANGE,
  storeError,
  type Failure
} from '../failures.ts'

const WRONG_REGION: Failure = [
  'STORE_UNAVAILABLE',
  'is in another region',
  'Set the region of the bucket.'
]

/** By the code of S3, or of the software that makes the request. */
const BY_NAME: Readonly<Record<string, Failure>> = {
  NoSuchBucket: NO_CONTAINER,
  NoSuchKey: NO_OBJECT,
  NotFound: NO_OBJECT,
  PreconditionFailed: EXISTS,
  InvalidRange: NO_RANGE,
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
  XMinioStorageFull: FULL
}

const BY_STATUS: Readonly<Record<number, Failure>> = { ...FAILURE_BY_STATUS, 301: WRONG_REGION, 307: WRONG_REGION }

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
  'XAmzContentChecksumMismatch'
])

/** Whether the same request may succeed when it is made again. */
export function isPassing (error: unknown): boolean {
  return PASSING.has(nameOf(error)) || isPassingFailure(error, statusOf(error))
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
  const [name, status] = [nameOf(error), statusOf(error)]
  return storeError(failureOf(error, { named: BY_NAME[name], name, status, byStatus: BY_STATUS }), error, key, place)
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
