import type { RestoreNeeds } from '../../core/restore/restore.ts'
import { FILES } from './entry.ts'

/** The list is read several times, and no other process may change it between two readings. */
export const RESTORE_NEEDS: RestoreNeeds = { files: [FILES], isOwn: true, provesContent: true }
