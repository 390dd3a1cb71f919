import type { HeadObjectCommandOutput, _Object } from '@aws-sdk/client-s3'
import type { Archived, ObjectFacts } from '../../core/ports/store.ts'
import type { S3StoreOptions } from './options.ts'

/**
 * Hours from the asking until an object can be read, at most, by the standard way of asking. What is not here can be
 * read at once, as GLACIER_IR can.
 */
const HOURS: Readonly<Record<string, number>> = {
  GLACIER: 5,
  DEEP_ARCHIVE: 12,
  ARCHIVE_ACCESS: 5,
  DEEP_ARCHIVE_ACCESS: 12
}
const IS_UNDER_WAY = 'ongoing-request="true"'
const IS_DONE = 'ongoing-request="false"'

/** undefined: what the bucket has as its default. What has no tier is read often, and stays there. */
export function storageClassFor (
  { tier }: ObjectFacts,
  { storageClasses }: Pick<S3StoreOptions, 'storageClasses'>
): string | undefined {
  if (tier === undefined) return undefined
  return (tier === null ? undefined : storageClasses[tier]) ?? storageClasses.default
}

export function archivedByHead ({ StorageClass, ArchiveStatus, Restore }: Pick<
  HeadObjectCommandOutput,
  'StorageClass' | 'ArchiveStatus' | 'Restore'
>): Archived | undefined {
  if (Restore?.includes(IS_DONE) === true) return undefined
  return archived(ArchiveStatus ?? StorageClass, Restore?.includes(IS_UNDER_WAY) === true)
}

export function archivedByList ({ StorageClass, RestoreStatus }: Pick<_Object, 'StorageClass' | 'RestoreStatus'>):
  | Archived
  | undefined {
  const isThawing = RestoreStatus?.IsRestoreInProgress === true
  if (RestoreStatus?.RestoreExpiryDate !== undefined && !isThawing) return undefined
  return archived(StorageClass, isThawing)
}

function archived (storageClass: string | undefined, isThawing: boolean): Archived | undefined {
  const hours = HOURS[storageClass ?? '']
  return storageClass === undefined || hours === undefined ? undefined : { storageClass, isThawing, hours }
}
