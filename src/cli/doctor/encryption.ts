import { resolve, sep } from 'node:path'
import { EXPIRY_NOTICE } from '../../core/ports/encryption.ts'
import type { KeyState } from '../../engine/status/keys.ts'
import { keyStates } from '../../engine/status/keys.ts'
import { counted } from '../../core/counted.ts'
import { about, type Finding } from './finding.ts'
import { NO_SNAPSHOT, type Examination, type DoctorContext } from './context.ts'

/** Options that hold what opens backups. */
const PRIVATE = ['BACKUP_AGE_IDENTITY', 'BACKUP_OPENPGP_PRIVATE_KEYS', 'BACKUP_ENCRYPTION_PASSPHRASE']

/** Whether sealed backups can be opened by those who should, and by nobody else. */
export const examineEncryption: Examination = async (context, snapshot) => {
  if (snapshot === undefined) return [about('encryption').skipped(NO_SNAPSHOT), ...examineFiles(context)]
  const keys = (await keyStates(snapshot.deps)).filter(({ isInUse, backups }) => isInUse || backups > 0)
  if (keys.length === 0) return [about('encryption').ok('backups are not encrypted'), ...examineFiles(context)]
  return [
    ...keys.map(examineKey),
    ...keys.flatMap(key => examineExpiry(key, context.clock.now())),
    ...examineReading(keys),
    ...examineFiles(context)
  ]
}

function examineKey ({ id, isPrivate, backups, confirmedAt, confirmedBy }: KeyState): Finding {
  const { ok, warn } = about('key')
  const needed = `${counted(backups, 'backup')} ${backups === 1 ? 'needs' : 'need'} it`
  if (confirmedAt !== null) {
    return ok(
      `the recovery card of "${id}" is stored, confirmed by ${confirmedBy ?? 'an unknown user'} on ${
        confirmedAt.toISOString().slice(0, 10)
      }; ${needed}`
    )
  }
  const where = isPrivate
    ? 'and the private key may exist only on this machine'
    : 'and its private key is not on this machine'
  return warn(
    `storage of the recovery card of "${id}" is not confirmed, ${where}; ${needed}`,
    `Print the card with "holdfast key card", store it away from this machine, then run "holdfast key confirm ${id}".`
  )
}

/** A key that expires goes on sealing and opening: its owner has only said until when. */
function examineExpiry ({ id, isInUse, expiresAt }: KeyState, now: Date): Finding[] {
  if (!isInUse || expiresAt === undefined) return []
  const { ok, warn } = about('key')
  const time = expiresAt.toISOString()
  if (expiresAt.getTime() - now.getTime() > EXPIRY_NOTICE) return [ok(`"${id}" expires at ${time}`)]
  return [
    warn(
      `"${id}" ${expiresAt <= now ? 'expired' : 'expires'} at ${time}; new backups are still encrypted with it`,
      'Extend its expiry or create another key, and replace the public key in the configuration. Keep the private key for existing backups.'
    )
  ]
}

/**
 * Which is as it should be, and yet to be known: somebody else has to prove from time to time that the key opens them.
 */
function examineReading (keys: readonly KeyState[]): Finding[] {
  const { ok } = about('encryption')
  const used = keys.filter(({ isInUse }) => isInUse)
  if (used.length === 0) return []
  if (used.some(({ isPrivate }) => isPrivate)) return [ok('new backups are encrypted, and can be decrypted here')]
  return [
    ok(
      'new backups are encrypted, and this server cannot decrypt them: it verifies each while making it; drills are inconclusive here, so run drills on a machine with the private key'
    )
  ]
}

/** Whoever gets at the backups must not find beside them what opens them. */
function examineFiles ({ backupDir, secretFiles }: Pick<DoctorContext, 'backupDir' | 'secretFiles'>): Finding[] {
  const inside = secretFiles.filter(({ path, holds }) =>
    holds.some(name => PRIVATE.includes(name)) && resolve(path).startsWith(resolve(backupDir) + sep)
  )
  return inside.map(({ path, holds }) =>
    about('key').fail(
      `"${path}", which holds ${holds.join(', ')}, is in BACKUP_DIR, next to the backups that it decrypts`,
      'Move it to another directory: a copy of the backups would include the key.'
    )
  )
}
