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
    'Give each installation a directory or prefix of its own; if the other one is gone for good, take the store over with "holdfast rebuild --take-over".'
  )
}

function storeLost (refused: readonly StoreRefusal[]): AlertFinding | undefined {
  const messages = refused.filter(({ code }) => code !== 'STORE_FOREIGN').map(({ message }) => message)
  if (messages.length === 0) return undefined
  return finding(
    'store_lost',
    null,
    messages.join('; '),
    'Mount the disk, or correct the place of the store in the configuration; if the disk of BACKUP_DIR is lost for good, "holdfast rebuild --accept-empty" goes on with the copies in other stores.'
  )
}

function catalogDamaged (damage: string | undefined): AlertFinding | undefined {
  if (damage === undefined) return undefined
  return finding(
    'catalog_damaged',
    null,
    `the catalog is damaged: ${damage}`,
    'Restart the service: it sets the damaged catalog aside and rebuilds it from the manifests beside the backups.'
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
    `${Math.floor(free)} % of ${space.total} bytes are free in the store "${name}", and ${percent} % should be`,
    'Free space there, keep fewer backups, compress them, or give the store a larger disk.'
  )
}

function pruneOverdue ({ lastDone, freshSince, failure }: PruneFacts): AlertFinding | undefined {
  if (failure !== null) {
    return finding(
      'prune_overdue',
      null,
      `the last prune failed${failure.code === null ? '' : ` with ${failure.code}`}: ${failure.reason}`,
      'Put right what it names; a dry run tells what would be removed, and the next scheduled prune that is done ends this alert.'
    )
  }
  if (freshSince === null || (lastDone !== null && lastDone >= freshSince)) return undefined
  return finding(
    'prune_overdue',
    null,
    `${
      lastDone === null ? 'no prune was ever done' : `the last prune was done at ${lastDone.toISOString()}`
    }, and one was due at ${freshSince.toISOString()}`,
    'See in the runs and the log what became of it; the next scheduled prune that is done ends this alert.'
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
    `${words.join('; ')}; backups are sealed to it all the same`,
    'Give a later expiry with "gpg --quick-set-expire", or make another key, and replace the public key in the configuration; keep the private one for what is sealed to it.'
  )
}

function configNotice (notices: readonly ConfigNotice[]): AlertFinding | undefined {
  const [first, ...others] = notices
  if (first === undefined) return undefined
  const more = others.length === 0 ? '' : `; so are ${shortened(others.map(({ name }) => name).join(', '), NAMES)}`
  return finding(
    'config_notice',
    null,
    `in the configuration ${first.name} ${first.problem}${more}`,
    `${first.remedy} "holdfast config check" lists all of it; a start without it ends this alert.`
  )
}
