import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { BackupError } from '../../core/errors.ts'
import type { Bucket } from './bucket.ts'
import { findHead, type Head } from './head.ts'

/** Milliseconds before each further look whether an object is really gone. */
const LOOK_AGAIN_AFTER = [500, 2_000] as const

/**
 * See `Store.remove`. Where versions are kept, the object is gone once it is not listed any more; its bytes go by a
 * lifecycle rule. A locked object is left alone even there: hiding it would only make it harder to find.
 */
export async function removeObject (bucket: Bucket, key: string, signal: AbortSignal): Promise<void> {
  const found = await findHead(bucket, key, signal)
  if (found === undefined) return
  requireUnlocked(bucket, found)
  try {
    await bucket.call(key, signal, (client, options) => client.send(new DeleteObjectCommand(bucket.at(key)), options))
  } catch (error) {
    if (!(error instanceof BackupError && error.code === 'OBJECT_NOT_FOUND')) throw error
  }
  await requireGone(bucket, key, signal)
}

async function requireGone (bucket: Bucket, key: string, signal: AbortSignal): Promise<void> {
  for (const wait of LOOK_AGAIN_AFTER) {
    if (await findHead(bucket, key, signal) === undefined) return
    await bucket.options.clock.sleep(wait, signal)
  }
  if (await findHead(bucket, key, signal) === undefined) return
  throw new BackupError(
    'STORE_FAILED',
    `the store "${bucket.place}" reports that it removed "${key}", but still has it`,
    {
      hint: 'Retry. If the object remains, remove it with the tools of the store.'
    }
  )
}

function requireUnlocked ({ options, place }: Bucket, { object: { key }, answer }: Head): void {
  const { ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = answer
  const isLocked = until !== undefined && until > options.clock.now()
  if (isLocked) {
    throw new BackupError('OBJECT_LOCKED', `"${key}" in "${place}" is locked until ${until.toISOString()}`, {
      hint: 'Wait until then. Earlier removal is not possible.',
      details: { until: until.toISOString() }
    })
  }
  if (hold === 'ON') {
    throw new BackupError('OBJECT_LOCKED', `"${key}" in "${place}" is under a legal hold`, {
      hint: 'Ask the administrator of the store to remove the hold.'
    })
  }
}
