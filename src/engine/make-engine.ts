import { backupVerbs } from './backup/verbs.ts'
import type { EngineDeps } from './deps.ts'
import type { Engine } from './engine.ts'
import { jobVerbs } from './jobs/verbs.ts'
import { settingsVerbs } from './live-settings.ts'
import { recoveryVerbs } from './recovery/verbs.ts'
import { replicationVerbs } from './replication/verbs.ts'
import { restoreVerbs } from './restore/verbs.ts'
import { retentionVerbs } from './retention/verbs.ts'
import { statusVerbs } from './status/verbs.ts'
import { verifyVerbs } from './verify/verbs.ts'

/** Each room makes its verbs: what each one checks beforehand, what it locks, and as which job it runs. */
export function makeEngine (deps: EngineDeps): Engine {
  const replication = replicationVerbs(deps)
  return {
    ...backupVerbs(deps, replication),
    ...verifyVerbs(deps),
    ...restoreVerbs(deps),
    ...retentionVerbs(deps),
    ...replication,
    ...recoveryVerbs(deps),
    ...statusVerbs(deps),
    ...settingsVerbs(deps),
    ...jobVerbs(deps)
  }
}
