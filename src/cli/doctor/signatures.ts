import { signingKeyId } from '../../core/backup/signature.ts'
import { counted } from '../../core/counted.ts'
import { about, type Finding } from './finding.ts'
import { NO_SNAPSHOT, type Examination, type CatalogSnapshot } from './context.ts'

/** So many of the newest backups are looked at. */
const NEWEST = 100

/**
 * With which key manifests are signed, and whether backups are here that a restore refuses or that nobody vouches for.
 */
export const examineSignatures: Examination = async (_context, snapshot) => {
  const { ok, skipped } = about('signature')
  if (snapshot === undefined) return [skipped(NO_SNAPSHOT)]
  const { publicKey, trusted } = snapshot.deps.signing.keys
  const key = publicKey === null
    ? ok('the signing key for manifests is created with the first backup')
    : ok(`manifests are signed with "${publicKey}" (key ${signingKeyId(publicKey)}): keep it with the recovery card`)
  const others = trusted.map(other => ok(`manifests signed with "${other}" (key ${signingKeyId(other)}) are trusted`))
  return [key, ...others, ...await examineNewest(snapshot)]
}

async function examineNewest ({ engine }: CatalogSnapshot): Promise<Finding[]> {
  const { warn, fail } = about('signature')
  const { backups } = await engine.backups({ status: 'completed', limit: NEWEST })
  const judged = backups.flatMap(({ signature }) => signature === null ? [] : [signature])
  const refused = judged.filter(signature => signature.isRefused).length
  const unknown = judged.filter(({ state }) => state === 'unknown-key').length
  const among = `of the newest ${counted(backups.length, 'backup')}`
  const remedy =
    'If you know that they are yours, add their key to BACKUP_TRUSTED_SIGNING_KEYS; otherwise find out who can write to the store.'
  if (refused > 0 && refused === judged.length) {
    return [
      fail(
        `${among}, none is signed by a trusted key, and BACKUP_REQUIRE_SIGNED is on: none of them can be restored`,
        remedy
      )
    ]
  }
  if (refused > 0) {
    return [
      warn(
        `${among}, ${refused} ${refused === 1 ? 'is' : 'are'} not signed by a trusted key, and cannot be restored`,
        `${remedy} Backups from before manifests were signed remain unusable while BACKUP_REQUIRE_SIGNED is on.`
      )
    ]
  }
  return unknown === 0
    ? []
    : [warn(`${among}, ${unknown} ${unknown === 1 ? 'is' : 'are'} signed by an unknown key`, remedy)]
}
