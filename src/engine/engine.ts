import type { BackupVerbs } from './backup/verbs.ts'
import type { JobVerbs } from './jobs/verbs.ts'
import type { SettingsVerbs } from './live-settings.ts'
import type { RecoveryVerbs } from './recovery/verbs.ts'
import type { ReplicationVerbs } from './replication/verbs.ts'
import type { RestoreVerbs } from './restore/verbs.ts'
import type { RetentionVerbs } from './retention/verbs.ts'
import type { StatusVerbs } from './status/verbs.ts'
import type { VerifyVerbs } from './verify/verbs.ts'

/**
 * The verbs of all rooms, as the edges call them. Every method rejects with BackupErrors alone. Those that give `Work`
 * check the request first (`SOURCE_NOT_FOUND`, `BACKUP_NOT_FOUND`, …) and take what the work needs
 * (`BACKUP_IN_PROGRESS`, `BACKUP_BUSY`, with the id of the job in the way in `details.jobId`; `QUEUE_FULL`;
 * `SHUTTING_DOWN`) before they resolve.
 */
export interface Engine
  extends
    BackupVerbs,
    VerifyVerbs,
    RestoreVerbs,
    RetentionVerbs,
    ReplicationVerbs,
    RecoveryVerbs,
    StatusVerbs,
    SettingsVerbs,
    JobVerbs {}
