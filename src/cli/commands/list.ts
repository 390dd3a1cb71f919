import { Command, Option } from 'commander'
import {
  BACKUP_STATUSES,
  BACKUP_TYPES,
  type BackupMethod,
  type BackupStatus,
  type BackupType
} from '../../core/backup/backup.ts'
import type { BackupQuery } from '../../core/catalog/catalog.ts'
import { jsonOption, limitOption, sinceOption, sourceOption } from '../arguments.ts'
import { contentOf } from '../content.ts'
import { requireKnownSource, requireKnownStore } from '../known-names.ts'
import { exitCodesHelp } from '../output.ts'
import { collect } from '../pages.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly source?: string
  readonly status?: BackupStatus
  readonly type?: BackupType | BackupMethod
  readonly since?: Date
  readonly limit: number
  readonly all?: true
  readonly trashed?: true
  readonly store?: string
  readonly s3?: true
  readonly verbose?: true
}

export function listCommand (shell: Shell): Command {
  return new Command('list')
    .description(
      'List the completed backups of your databases, newest first. --all adds backups of the catalog, and failed, cancelled and running backups.'
    )
    .addOption(sourceOption('only backups of this source; "holdfast" is the catalog'))
    .addOption(
      new Option('--status <status>', 'only backups with this status; default: completed').choices(BACKUP_STATUSES)
    )
    .addOption(
      new Option('--type <type>', 'only backups of this type or method').choices([
        ...BACKUP_TYPES,
        'full',
        'wal',
        'incremental'
      ])
    )
    .addOption(sinceOption('only backups started', shell.screen))
    .addOption(limitOption('backups'))
    .addOption(new Option('--store <name>', 'only backups in this store'))
    .option('--s3', 'same as --store s3')
    .option('--all', 'every source and status, without a limit')
    .option('--trashed', 'only backups in the trash, of every source and status')
    .option('--verbose', 'show all details of each backup')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: Flags) => {
      const limit = flags.all === true ? Number.POSITIVE_INFINITY : flags.limit
      const query = toQuery(flags)
      const listed = await shell.withReading(async ({ engine, ownSource, kinds }) => {
        const shown = { ...query, ...narrowed(flags, ownSource) }
        let count = 0
        const backups = await collect(limit, async page => {
          const found = await engine.backups({ ...shown, ...page })
          count = found.count
          return { items: found.backups, next: found.next }
        })
        if (count === 0) {
          await requireKnownSource(engine, query.source)
          await requireKnownStore(engine, query.store)
        }
        const { count: all } = await engine.backups({ ...query, limit: 1 })
        const contents = new Map<number, string>()
        for (const { id } of flags.verbose === true && flags.json !== true ? backups : []) {
          const content = contentOf(await engine.manifest(id), kinds)
          if (content !== undefined) contents.set(id, content)
        }
        return { backups, count, all, contents }
      })
      const { summary, viewBackups } = await import('../views/backups.ts')
      show(shell, flags, viewBackups(listed, { verbose: flags.verbose === true }))
      if (flags.json === true && listed.backups.length < listed.count) {
        shell.output.err.write(`holdfast: ${summary(listed.backups, listed.count)}\n`)
      }
    })
}

/** The guide's word for the method is "type", and its "wal" is our full backup, which is always taken live. */
function toQuery ({ source, status, type, since, trashed, store, s3 }: Flags): Omit<BackupQuery, 'limit'> {
  const wanted = type === undefined ? {} : isReason(type) ? { type } : { method: type === 'wal' ? 'full' : type }
  return { source, status, since, trashed, store: store ?? (s3 === true ? 's3' : undefined), ...wanted }
}

/**
 * What is shown where nothing else is asked for: the first of the list is a backup of a database, which can be
 * restored.
 */
function narrowed ({ source, status, all, trashed }: Flags, ownSource: string): Partial<BackupQuery> {
  if (all === true || trashed === true) return {}
  return {
    ...source === undefined && { exceptSource: ownSource },
    ...status === undefined && { status: 'completed' }
  }
}

function isReason (type: BackupType | BackupMethod): type is BackupType {
  return (BACKUP_TYPES as readonly string[]).includes(type)
}
