import { BackupError, systemCode } from '../../core/errors.ts'
import {
  BAD_CREDENTIALS,
  BUSY,
  DENIED,
  EXISTS,
  failureOf,
  FAILURE_BY_STATUS,
  isPassingFailure,
  LOCKED,
  NO_CONTAINER,
  NO_OBJECT,
  NO_RANGE,
  storeError,
  type Failure
} from '../failures.ts'

/** By the code of the service. */
const BY_NAME: Readonly<Record<string, Failure>> = {
  BlobNotFound: NO_OBJECT,
  ContainerNotFound: NO_CONTAINER,
  ContainerBeingDeleted: NO_CONTAINER,
  BlobAlreadyExists: EXISTS,
  BlobArchived: [
    'OBJECT_ARCHIVED',
    'is in the access tier "Archive" and cannot be read yet',
    'Request a thaw: the object is then readable within 15 hours.'
  ],
  BlobBeingRehydrated: [
    'OBJECT_ARCHIVED',
    'is being thawed from the access tier "Archive"',
    'It is readable within 15 hours after the request.'
  ],
  BlobImmutableDueToPolicy: LOCKED,
  BlobImmutableDueToLegalHold: LOCKED,
  AuthenticationFailed: BAD_CREDENTIALS,
  InvalidAuthenticationInfo: BAD_CREDENTIALS,
  AuthorizationFailure: DENIED,
  AuthorizationPermissionMismatch: DENIED,
  AccountIsDisabled: DENIED,
  InsufficientAccountPermissions: DENIED,
  ServerBusy: BUSY,
  OperationTimedOut: BUSY,
  InvalidRange: NO_RANGE
}

const BY_STATUS: Readonly<Record<number, Failure>> = { ...FAILURE_BY_STATUS, 409: EXISTS }

/** What was damaged on its way, as the digest that went along tells. */
const DAMAGED = 'Md5Mismatch'

export function isPassing (error: unknown): boolean {
  return isPassingFailure(error, statusOf(error)) || azureName(error) === DAMAGED
}

/**
 * What went wrong with the object `key` of `place`, or with the container where that is empty, in the store's own
 * codes.
 */
export function azureError (error: unknown, key: string, place: string): BackupError {
  if (error instanceof BackupError) return error
  const [name, status] = [azureName(error), statusOf(error)]
  return storeError(failureOf(error, { named: BY_NAME[name], name, status, byStatus: BY_STATUS }), error, key, place)
}

/** The code of the service of an error that was not translated yet. */
export function azureName (error: unknown): string {
  const { details } = error as { readonly details?: { readonly errorCode?: string } }
  return details?.errorCode ?? systemCode(error) ?? ''
}

function statusOf (error: unknown): number | undefined {
  return (error as { readonly statusCode?: number }).statusCode
}
