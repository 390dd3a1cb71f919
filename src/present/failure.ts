import { z } from 'zod'
import type { BackupError } from '../core/errors.ts'
import { errorCode } from './common.ts'

/** Something that could not be done to one backup of several. */
export const failureSchema = z.object({ backupId: z.int().positive(), code: errorCode, message: z.string() }).meta({
  id: 'Failure'
})

export interface Failed {
  readonly backupId: number
  readonly error: BackupError
}

export function presentFailure ({ backupId, error }: Failed): z.infer<typeof failureSchema> {
  return { backupId, code: error.code, message: error.message }
}
