import { isLive, type Backup } from '../../core/backup/backup.ts'
import type { ParentName } from '../../core/backup/chain-link.ts'
import { totalSizeOf, type Manifest } from '../../core/backup/manifest.ts'
import { counted } from '../../core/counted.ts'
import { toBackupError, type BackupError } from '../../core/errors.ts'
import { CHAIN_CHECK, type Check, type StoredCheck } from '../../core/ports/verification.ts'
import type { EngineDeps } from '../deps.ts'
import { locationsOf } from './locations.ts'
import { missingPart } from './objects.ts'

/**
 * The check `chain` of a backup that is built on `parent`; undefined: `parent` is null, as of a full backup.
 * `ancestors`: the backups that the catalog knows it is built on, its parent first. It passes when each of them is
 * there, in a store that has all of its parts in their length, has the digest that the next one names, and was not
 * found damaged. `areCompared`: the caller compares the bytes of each of them with its digests where it reads them, so
 * that damage to the bytes of one copy does not count. Rejects with what a store rejects with where none that answers
 * has a part, `MANIFEST_UNSIGNED`, or as the catalog does.
 */
export async function checkChain (
  deps: EngineDeps,
  parent: ParentName | null,
  ancestors: readonly Backup[],
  signal: AbortSignal,
  { areCompared = false }: { readonly areCompared?: boolean } = {}
): Promise<Check | undefined> {
  let named = parent
  let parents = 0
  for (; named !== null; parents++) {
    const parent = ancestors[parents]
    const found = parent !== undefined && isLive(parent) ? await deps.catalog.backups.manifest(parent.id) : undefined
    const { name, sha256 } = named
    if (parent === undefined || found === undefined) return failed(`it depends on "${name}", which is missing`)
    if (found.object.sha256 !== sha256) return failed(`backup ${parent.id} is not the "${name}" on which it depends`)
    if (parent.verification.status === 'invalid' && !(areCompared && isDamageOfOneCopy(parent))) {
      return failed(`it depends on backup ${parent.id}, which is damaged`)
    }
    deps.signing.require(found)
    const missing = await whyUnreadable(deps, parent, found, signal)
    if (missing !== undefined) return failed(`it depends on backup ${parent.id}: ${missing}`)
    named = found.link?.parent ?? null
  }
  return parents === 0
    ? undefined
    : { name: CHAIN_CHECK, status: 'pass', reason: `depends on ${counted(parents, 'other backup')}` }
}

/** The checks that compare one copy with what was written. Damage that a later check finds is in every copy. */
const OF_ONE_COPY: readonly string[] = ['file_exists', 'manifest', 'checksum'] satisfies StoredCheck[]

function isDamageOfOneCopy ({ verification: { checks } }: Backup): boolean {
  const first = checks.find(({ status }) => status === 'fail')
  return first !== undefined && OF_ONE_COPY.includes(first.name)
}

function failed (reason: string): Check {
  return { name: CHAIN_CHECK, status: 'fail', reason }
}

/** What is wrong with the backup in every store that should have it; undefined: one has all of it. */
async function whyUnreadable (
  deps: EngineDeps,
  backup: Backup,
  manifest: Manifest,
  signal: AbortSignal
): Promise<string | undefined> {
  let missing = 'no store has it'
  let failure: BackupError | undefined
  for (const { store, key } of locationsOf(deps, backup)) {
    try {
      const found = await missingPart(store, key, { size: totalSizeOf(manifest), parts: backup.parts }, signal)
      if (found === undefined) return undefined
      missing = found
    } catch (thrown) {
      signal.throwIfAborted()
      failure = toBackupError(thrown)
    }
  }
  if (failure !== undefined) throw failure
  return missing
}
