import type { Backup } from '../../core/backup/backup.ts'
import { partsOf, totalSizeOf } from '../../core/backup/manifest.ts'
import { BackupError, toBackupError, type ErrorCode } from '../../core/errors.ts'
import { chainOf, type LocatedLink } from '../artifacts/chain-images.ts'
import { addressOf, otherLocations, type StoreDeps } from '../artifacts/locations.ts'
import { firstMismatch, type Progress } from '../artifacts/verify-parts.ts'
import type { EngineDeps } from '../deps.ts'
import { checkManifest } from '../verify/verify.ts'

/** Codes of a restore that may mean that the stored bytes are damaged. */
const DAMAGE: readonly ErrorCode[] = [
  'BACKUP_INVALID',
  'CHECKSUM_MISMATCH',
  'DECODE_FAILED',
  'OBJECT_NOT_FOUND',
  'OBJECT_REFUSED'
]
/** Whether a restore that failed with this code may have read damaged bytes. */
export function mayBeDamage ({ code }: BackupError): boolean {
  return DAMAGE.includes(code)
}

/** Codes of reading one place, by which that place does not have the backup. */
const GONE: readonly ErrorCode[] = ['OBJECT_NOT_FOUND', 'OBJECT_REFUSED']

/** A backup of a chain whose stored bytes or manifest are not those that were written. */
interface DamagedLink {
  readonly link: LocatedLink
  /** What is wrong, as text. */
  readonly reason: string
}

/** The damaged copies that a restore does not use. */
export interface PassedOver {
  /** Of the places that have them (`addressOf`). */
  readonly addresses: Set<string>
  /** One sentence for each. */
  readonly warnings: string[]
}

/**
 * Lets `attempt` restore from the nearest place that has a good copy of the backup, and of each that it is built on. A
 * damaged one is passed over, with a warning, if another place has it too; then `attempt` is called again.
 */
export async function throughCopies<T> (
  deps: EngineDeps,
  backup: Backup,
  attempt: (chain: readonly [LocatedLink, ...LocatedLink[]], passedOver: PassedOver) => Promise<T>,
  task: Progress
): Promise<T> {
  const passedOver: PassedOver = { addresses: new Set(), warnings: [] }
  let chain = await chainOf(deps, backup, task.signal)
  for (;;) {
    try {
      return await attempt(chain, passedOver)
    } catch (thrown) {
      task.signal.throwIfAborted()
      if (!await passOver(deps, chain, toBackupError(thrown), passedOver, task)) throw thrown
      chain = await chainOf(deps, backup, task.signal, passedOver.addresses).catch((elsewhere: unknown) => {
        throw withoutOthers(toBackupError(thrown), toBackupError(elsewhere))
      })
    }
  }
}

/**
 * Adds the damaged links of a chain whose restore failed with `error`, so that another place is read next. Every stored
 * byte of the chain is compared with its digests for that, unless no other place has anything of it. false: nothing is
 * damaged where it was read, or no other place has what is. Throws what a store throws that cannot be read.
 */
export async function passOver (
  deps: StoreDeps,
  chain: readonly LocatedLink[],
  error: BackupError,
  { addresses, warnings }: PassedOver,
  task: Progress
): Promise<boolean> {
  const hasOther = ({ backup, location }: LocatedLink): boolean =>
    otherLocations(deps, backup, new Set([...addresses, addressOf(location)])).length > 0
  if (!mayBeDamage(error) || !chain.some(hasOther)) return false
  const damaged = await damagedLinks(chain, task)
  if (damaged.length === 0 || !damaged.every(({ link }) => hasOther(link))) return false
  for (const { link: { backup, location }, reason } of damaged) {
    addresses.add(addressOf(location))
    warnings.push(`the copy of backup ${backup.id} at "${addressOf(location)}" is damaged and was not used: ${reason}`)
  }
  return true
}

/** The error of a restore whose damaged copy is the only one that can be read: `elsewhere` is that of the others. */
function withoutOthers ({ code, message }: BackupError, elsewhere: BackupError): BackupError {
  return new BackupError(code, message, {
    hint: `Restore another backup, or make the other copy readable: ${elsewhere.message}.`,
    cause: elsewhere
  })
}

async function damagedLinks (chain: readonly LocatedLink[], task: Progress): Promise<readonly DamagedLink[]> {
  const found: DamagedLink[] = []
  for (const link of chain) {
    const reason = await whatIsWrong(link, task)
    if (reason !== undefined) found.push({ link, reason })
  }
  return found
}

async function whatIsWrong ({ location, manifest }: LocatedLink, task: Progress): Promise<string | undefined> {
  try {
    const check = await checkManifest(location, manifest, task.signal)
    if (check.status === 'fail') return check.reason ?? 'its manifest is not the one that was written'
    task.phase('verifying', totalSizeOf(manifest))
    return (await firstMismatch(location, manifest, partsOf(manifest), task))?.message
  } catch (thrown) {
    const error = toBackupError(thrown)
    if (!GONE.includes(error.code)) throw thrown
    return error.message
  }
}
