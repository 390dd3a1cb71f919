import { BackupError } from '../../core/errors.ts'
import {
  BAD_CREDENTIALS,
  BUSY,
  DENIED,
  failureOf,
  FAILURE_BY_STATUS,
  isPassingFailure,
  LOCKED,
  networkFailure,
  storeError,
  type Failure
} from '../failures.ts'

/** An answer that is none of those that were hoped for. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  /** The service's own word for it, or nothing. */
  readonly reason: string

  constructor (status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

/** By the reason that the service gives. */
const BY_REASON: Readonly<Record<string, Failure>> = {
  retentionPolicyNotMet: LOCKED,
  objectUnderActiveHold: LOCKED,
  quotaExceeded: BUSY,
  rateLimitExceeded: BUSY,
  userRateLimitExceeded: BUSY,
  accountDisabled: DENIED,
  authError: BAD_CREDENTIALS
}

const BY_STATUS: Readonly<Record<number, Failure>> = {
  ...FAILURE_BY_STATUS,
  400: [
    'STORE_FAILED',
    'rejected the request',
    'Find the cause in the log, and check the name of the bucket.'
  ]
}

const NO_CREDENTIALS: Failure = [
  'STORE_UNAVAILABLE',
  'cannot be used without credentials',
  'Set GOOGLE_APPLICATION_CREDENTIALS to the JSON file of a service account, or log in with the gcloud CLI.'
]

/** Whether the same request may succeed when it is made again. */
export function isPassing (error: unknown): boolean {
  return isPassingFailure(error, error instanceof Refusal ? error.status : undefined) || isDropped(error)
}

/**
 * What went wrong with the object `key` of `place`, or with the bucket where that is empty, in the store's own codes.
 */
export function gcsError (error: unknown, key: string, place: string): BackupError {
  if (error instanceof BackupError) return error
  const { reason: name, status } = error instanceof Refusal ? error : { reason: nameOf(error), status: undefined }
  return storeError(failureOf(error, { named: BY_REASON[name], name, status, byStatus: BY_STATUS }), error, key, place)
}

/** What the authentication says, before the store was asked anything. */
export function credentialsError (error: unknown, place: string): BackupError {
  return storeError(networkFailure(error) ?? NO_CREDENTIALS, error, '', place)
}

/** The connection was cut while something was on its way. */
function isDropped (error: unknown): boolean {
  return error instanceof Error &&
    (['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'].includes(
      nameOf(error)
    ) || isDropped(error.cause))
}

function nameOf (error: unknown): string {
  if (!(error instanceof Error)) return ''
  return 'code' in error && typeof error.code === 'string' ? error.code : nameOf(error.cause) || error.name
}
