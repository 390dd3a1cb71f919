import { Command, Option } from 'commander'
import { isLive } from '../../core/backup/backup.ts'
import { BackupError } from '../../core/errors.ts'
import { idsArgument, jsonOption, sourceOption } from '../arguments.ts'
import { each, targetOf } from '../each.ts'
import { requireKnownStore } from '../known-names.ts'
import { exitCodesHelp } from '../output.ts'
import { collect } from '../pages.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly all?: true
  readonly store?: string
  readonly bucket?: string
  readonly source?: string
}

export function uploadCommand (shell: Shell): Command {
  return new Command('upload')
    .description(
      'Copy backups to the other stores now, and verify the copies. The service does this automatically after each backup.'
    )
    .addArgument(idsArgument('[ids...]'))
    .option('--all', 'every backup that has no copy yet, including backups made before the store was configured')
    .addOption(new Option('--store <name>', 'only to this store'))
    .addOption(
      new Option('--bucket <name>', 'only to the configured store with this bucket or container').conflicts('store')
    )
    .addOption(sourceOption('with --all: only backups of this source'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3, 4, 5, 6, 7, 130]))
    .action(async (ids: readonly number[], flags: Flags) => {
      requireOneWay(ids, flags)
      const { done, failures } = await shell.withSession(flags, async session => {
        const { engine, run, audited } = session
        const store = flags.bucket === undefined ? flags.store : await storeIn(session, flags.bucket)
        const chosen = flags.all === true ? await missing(session, { ...flags, store }) : ids
        if (chosen.length === 0) return { done: [], failures: [] }
        return await audited(
          { action: 'backup upload', target: targetOf(chosen) },
          () => each(chosen, id => run(() => engine.upload(id, { store })))
        )
      })
      const { viewUploaded } = await import('../views/uploaded.ts')
      show(shell, flags, viewUploaded(done, failures))
      shell.exit(failures.length > 0 ? 3 : 0)
    })
}

function requireOneWay (ids: readonly number[], { all, source }: Flags): void {
  const hint = 'Give ids of backups, or --all (optionally with --source).'
  const isAll = all === true
  if ((ids.length > 0) === isAll) {
    throw new BackupError(
      'VALIDATION_FAILED',
      isAll ? 'ids and "--all" exclude each other' : 'no backup to upload was given',
      { hint }
    )
  }
  if (!isAll && source !== undefined) {
    throw new BackupError('VALIDATION_FAILED', '"--source" is only valid with "--all"', { hint })
  }
}

/** The name of the store at `s3://bucket/…`, or at `azure://account/container/…` for `account/container`. */
async function storeIn ({ engine }: Session, bucket: string): Promise<string> {
  const stores = (await engine.stores()).filter(({ isLanding, isRemembered }) => !isLanding && !isRemembered)
  const found = stores.filter(({ place }) => `${place.replace(/^[a-z0-9]+:\/\//, '')}/`.startsWith(`${bucket}/`))
  const [first, ...others] = found
  if (first !== undefined && others.length === 0) return first.name
  const places = stores.map(({ name, place }) => `"${name}" (${place})`).join(', ')
  if (first !== undefined) {
    throw new BackupError('VALIDATION_FAILED', `several stores use the bucket "${bucket}"`, {
      hint: `Give one of them with --store: ${found.map(({ name }) => name).join(', ')}.`
    })
  }
  throw new BackupError('STORE_NOT_FOUND', `no configured store uses the bucket "${bucket}"`, {
    hint: `Configure a store with this bucket first${places === '' ? '' : `; there are ${places}`}.`
  })
}

/** Oldest first: what is nearest to going. */
async function missing (
  { engine }: Session,
  { source, store }: Pick<Flags, 'source'> & { store: string | undefined }
): Promise<number[]> {
  if (source !== undefined) await engine.source(source)
  await requireKnownStore(engine, store)
  if (store === undefined && !await hasOthers(engine)) {
    throw new BackupError('STORE_NOT_FOUND', 'there is no other store for backups', {
      hint: 'Configure a store with BACKUP_S3_BUCKET, or with "stores" in holdfast.yaml.'
    })
  }
  const backups = await collect(Number.POSITIVE_INFINITY, async page => {
    const found = await engine.backups({ source, status: 'completed', ...page })
    return { items: found.backups, next: found.next }
  })
  const isMissing = ({ source, copies }: typeof backups[number]): boolean => {
    const wanted = store === undefined ? engine.destinations(source) : [store]
    return wanted.some(name => !copies.some(copy => copy.store === name && copy.status === 'stored'))
  }
  return backups.filter(backup => isLive(backup) && isMissing(backup)).map(({ id }) => id).reverse()
}

/** Whether a store other than the landing store is configured. */
async function hasOthers (engine: Session['engine']): Promise<boolean> {
  return (await engine.stores()).some(({ isLanding, isRemembered }) => !isLanding && !isRemembered)
}
