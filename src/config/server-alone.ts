import { OPTIONS, type OptionName } from './options.ts'
import type { Problem } from './problem.ts'

/** Options that change nothing that a command does. */
export const SERVER_ALONE: readonly OptionName[] = [
  'dataDir',
  'host',
  'port',
  'trustProxy',
  'restoreDirs',
  'hstsIncludeSubdomains',
  'metricsMaxSources',
  'rateLimitPerMinute',
  'maxConnections',
  'bodyLimitBytes',
  'maxQueuedJobs',
  'maxQueuedJobsPerSource',
  'shutdownGraceMs',
  'logLevel',
  'logFormat',
  'jwtAlgorithm'
]

/**
 * Options that commands do their work without, so that a wrong value of one stops none. Commands that sign tokens check
 * them.
 */
export const EXCUSABLE: readonly OptionName[] = [
  ...SERVER_ALONE.filter(name => name !== 'dataDir'),
  'jwtSecret',
  'jwtPublicKey',
  'requireTokenExpiry',
  'metricsToken'
]

/** As problems name them: by the variable or the key of holdfast.yaml, or by that of the file with a secret. */
const NAMES: ReadonlySet<string> = new Set(
  EXCUSABLE.flatMap(name => [OPTIONS[name].variable, `${OPTIONS[name].variable}_FILE`, name, `${name}File`])
)

/** Whether the problem is with an option that commands do without. */
export function isExcusable ({ name }: Problem): boolean {
  return NAMES.has(name)
}
