import { toBackupError } from '../../core/errors.ts'
import type { EngineDeps, OffsiteStore } from '../../engine/deps.ts'
import { probeOwn } from '../../engine/status/stores.ts'
import { about, type Finding } from './finding.ts'
import { NO_SNAPSHOT, type Examination } from './context.ts'

/** What trying one store may take. Milliseconds. */
const PATIENCE = 60_000

const REACHED = 'its endpoint uses http: over the network: credentials and backups can be read and changed in transit'

/**
 * Whether the landing store is the right one, and whether copies can be kept in each of the others: tried with one
 * small object.
 */
export const examineStores: Examination = async ({ insecureStores }, snapshot) => {
  const insecure = insecureStores.map(name =>
    about(`store ${name}`).warn(REACHED, 'Set an endpoint that begins with https:, and remove "insecure".')
  )
  if (snapshot === undefined) return [...insecure, about('store').skipped(NO_SNAPSHOT)]
  const findings = await Promise.all(
    [...snapshot.deps.offsite.values()].map(offsite => examineStore(snapshot.deps, offsite))
  )
  return [...insecure, ...await examineLanding(snapshot.deps), ...findings.flat()]
}

/** Only what is wrong: a landing store that is another installation's, or not the one that the catalog means. */
async function examineLanding ({ store, ownership }: EngineDeps): Promise<Finding[]> {
  const signal = AbortSignal.timeout(PATIENCE)
  try {
    const { state } = await ownership.inspect(store, signal)
    if (state === 'foreign' || state === 'lost') await ownership.require(store, signal)
    return []
  } catch (thrown) {
    const { message, hint } = toBackupError(thrown)
    return [about(`store ${store.name}`).fail(message, hint ?? 'Check BACKUP_DIR.')]
  }
}

async function examineStore (deps: EngineDeps, offsite: OffsiteStore): Promise<Finding[]> {
  const { ok, warn, fail } = about(`store ${offsite.store.name}`)
  const { findings } = await probeOwn(deps, offsite, AbortSignal.timeout(PATIENCE))
  const complaints = findings.flatMap(({ status, message, remedy }) => {
    if (status === 'fail') return [fail(message, remedy ?? 'Check the store.')]
    return status === 'warn' ? [warn(message, remedy ?? 'Check the store.')] : []
  })
  if (complaints.some(({ status }) => status === 'fail')) return complaints
  const kept = offsite.isAppendOnly
    ? 'copies can be written, and the credentials can neither remove nor overwrite them'
    : 'copies can be written, read and removed'
  return [ok(`${kept}: ${offsite.store.place}`), ...complaints]
}
