import { EXPIRY_NOTICE } from '../ports/encryption.ts'
import { shortened } from '../shortened.ts'
import {
  alertKey,
  finding,
  type Alert,
  type AlertFacts,
  type AlertFinding,
  type AlertLimits,
  type ConfigNotice,
  type PruneFacts,
  type StoreFacts,
  type StoreRefusal
} from './alert.ts'

/**
 * Percent of the store by which more than enough must be free again, so that a disk at the limit raises one alert and
 * not one a minute.
 */
const DISK_MARGIN = 2
/** Characters of a list of names. */
const NAMES = 300

/** The alerts of no single source that hold now. `open` are the alerts so far. */
export function alertsOfService (
  facts: AlertFacts,
  limits: AlertLimits,
  now: Date,
  open: readonly Alert[]
): readonly AlertFinding[] {
  const wasLow = open.find(alert => alertKey(alert) === 'disk_low')
  const findings = [
    storeForeign(facts.refused),
    storeLost(facts.refused),
    catalogDamaged(facts.catalogDamage),
    diskLow(facts.store, limits.diskFree, wasLow),
    pruneOverdue(facts.prune),
    keyExpiring(facts.keys, now),
    configNotice(facts.notices)
  ]
  return findings.filter(finding => finding !== undefined)
}

function storeForeign (refused: readonly StoreRefusal[]): AlertFinding | undefined {
  const messages = refused.filter(({ code }) => code === 'STORE_FOREIGN').map(({ message }) => message)
  if (messages.length === 0) return undefined
  return finding(
    'store_foreign',
    null,
    messages.join('; '),
    'Give each installation its own directory or prefix. If the other installation no longer exists, make this one the owner with "holdfast rebuild --take-over".'
  )
}

function storeLost (refused: readonly StoreRefusal[]): AlertFinding | undefined {
  const messages = refused.filter(({ code }) => code !== 'STORE_FOREIGN').map(({ message }) => message)
  if (messages.length === 0) return undefined
  return finding(
    'store_lost',
    null,
    messages.join('; '),
    'Mount the disk, or correct the location of the store in the configuration. If the disk of BACKUP_DIR is lost, "holdfast rebuild --accept-empty" continues with the copies in other stores.'
  )
}

function catalogDamaged (damage: string | undefined): AlertFinding | undefined {
  if (damage === undefined) return undefined
  return finding(
    'catalog_damaged',
    null,
    `the catalog is damaged: ${damage}`,
    'Restart the service: it keeps the damaged catalog under another name and builds a new one from the manifests.'
  )
}

function diskLow ({ name, space }: StoreFacts, percent: number, wasLow: Alert | undefined): AlertFinding | undefined {
  if (percent === 0) return undefined
  if (space === undefined || space.total === 0) return wasLow
  const free = space.free / space.total * 100
  const enough = wasLow === undefined ? percent : Math.min(percent + DISK_MARGIN, 100)
  if (free >= enough) return undefined
  return finding(
    'disk_low',
    null,
    `${Math.floor(free)} % of ${space.total} bytes are free in the store "${name}", below the limit of ${percent} %`,
    'Free space there, keep fewer backups, compress them, or give the store a larger disk.'
  )
}

function pruneOverdue ({ lastDone, freshSince, failure }: PruneFacts): AlertFinding | undefined {
  if (failure !== null) {
    return finding(
      'prune_overdue',
      null,
      `the last prune failed${failure.code === null ? '' : ` with ${failure.code}`}: ${failure.reason}`,
      'Correct the cause. "holdfast prune --dry-run" shows the planned removals. The next successful scheduled prune clears this alert.'
    )
  }
  if (freshSince === null || (lastDone !== null && lastDone >= freshSince)) return undefined
  return finding(
    'prune_overdue',
    null,
    `${
      lastDone === null ? 'no prune has run yet' : `the last prune was at ${lastDone.toISOString()}`
    }, and one was due at ${freshSince.toISOString()}`,
    'Find the cause with "holdfast runs" and in the log. The next successful scheduled prune clears this alert.'
  )
}

function keyExpiring (keys: AlertFacts['keys'], now: Date): AlertFinding | undefined {
  const soon = keys.filter(({ expiresAt }) => expiresAt.getTime() - now.getTime() <= EXPIRY_NOTICE)
  if (soon.length === 0) return undefined
  const words = soon.map(({ id, expiresAt }) =>
    `the OpenPGP key ${id} ${expiresAt <= now ? 'expired' : 'expires'} at ${expiresAt.toISOString()}`
  )
  return finding(
    'key_expiring',
    null,
    `${words.join('; ')}; new backups are still encrypted with it`,
    'Extend its expiry with "gpg --quick-set-expire" or create another key, and replace the public key in the configuration. Keep the private key for existing backups.'
  )
}

function configNotice (notices: readonly ConfigNotice[]): AlertFinding | undefined {
  const [first, ...others] = notices
  if (first === undefined) return undefined
  const more = others.length === 0
    ? ''
    : `; the same applies to ${shortened(others.map(({ name }) => name).join(', '), NAMES)}`
  return finding(
    'config_notice',
    null,
    `in the configuration, ${first.name} ${first.problem}${more}`,
    `${first.remedy} "holdfast config check" lists all problems. This alert is cleared by a start without problems.`
  )
}
