import { z } from 'zod'
import { isCancelled, totalSize, type Backup } from '../../core/backup/backup.ts'
import { isSuspect } from '../../core/backup/suspicion.ts'
import { listedBackupSchema, presentListed } from '../../present/backup.ts'
import type { Colours, Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { table, type Column } from '../table.ts'
import { inSize } from '../../core/size.ts'
import { timeColumns } from '../times.ts'
import { counted } from '../../core/counted.ts'
import { describeBackup, nameOf } from './backup.ts'

/** `backup_id` is what the Signal Harvester guide calls the id; scripts written against it read that. */
export const listSchema = z.array(
  z.object({ ...listedBackupSchema.shape, backup_id: z.int().positive() }).meta({ id: 'BackupInList' })
)

export interface Listed {
  readonly backups: readonly Backup[]
  /** How many match. */
  readonly count: number
  /** How many there are with --all. Default: as many as match. */
  readonly all?: number
  /** What each has, by id, where everything is to be shown. */
  readonly contents?: ReadonlyMap<number, string>
}

export function viewBackups (
  { backups, count, all = count, contents }: Listed,
  { verbose }: { readonly verbose: boolean }
): View {
  const json: z.infer<typeof listSchema> = backups.map(backup => ({ ...presentListed(backup), backup_id: backup.id }))
  return {
    json,
    text: screen => {
      if (backups.length === 0) return `no backups${more(backups, all)}\n`
      const shown = verbose
        ? backups.map(backup => `${describeBackup(backup, screen, contents?.get(backup.id))}\n`).join('')
        : table(columns(screen, backups), backups, screen)
      return `${shown}${verbose ? '' : '\n'}${summary(backups, all)}\n`
    }
  }
}

/** What there is more than is shown is told wherever the list ends up. */
export function summary (backups: readonly Backup[], count: number): string {
  const size = inSize(backups.reduce((sum, backup) => sum + (totalSize(backup) ?? 0), 0))
  return `${counted(backups.length, 'backup')}, ${size}${more(backups, count)}`
}

function more ({ length }: readonly Backup[], count: number): string {
  return length < count ? `; ${count - length} more with --all` : ''
}

/** The method is a column where not all of them are full backups. */
function columns (screen: Screen, backups: readonly Backup[]): ReadonlyArray<Column<Backup>> {
  return [
    { title: 'ID', align: 'right', cell: ({ id }) => String(id) },
    { title: 'SOURCE', cell: ({ source }) => source, atLeast: 8 },
    { title: 'TYPE', cell: ({ type, schedule }) => schedule ?? type, expendable: 2 },
    ...backups.every(({ method }) => method === 'full') ? [] : [{ title: 'METHOD', cell: methodOf }],
    { title: 'SIZE', align: 'right', cell: sizeOf },
    ...timeColumns<Backup>('CREATED', ({ startedAt }) => startedAt, screen, { expendable: 3 }),
    { title: 'STATE', cell: stateOf, paint: (text, backup) => paintState(text, backup, screen.colours) },
    { title: 'NAME', cell: nameOf, atLeast: 20, expendable: 4 },
    { title: 'DESCRIPTION', cell: ({ description }) => description ?? '', atLeast: 11, expendable: 1, cut: 'end' }
  ]
}

/** `full`, or for an increment the backup that it is built on. */
function methodOf ({ method, parentId }: Backup): string {
  return parentId === null ? method : `${method}, on ${parentId}`
}

/** Of all parts. */
function sizeOf (backup: Backup): string {
  const size = totalSize(backup)
  return size === null ? '' : inSize(size)
}

/** In one word what there is to know: a completed backup is as good as its last verification. */
export function stateOf (backup: Backup): string {
  const { status, verification, trashedAt, deletedAt, pinned, foreignInstance } = backup
  if (deletedAt !== null) return 'removed'
  if (trashedAt !== null) return 'in trash'
  if (isCancelled(backup)) return 'cancelled'
  if (status !== 'completed') return status === 'failed' ? 'failed' : 'running'
  const state = isSuspect(backup) && verification.status !== 'invalid' ? 'suspect' : verification.status
  return [...foreignInstance === null ? [] : ['foreign'], state, ...signatureMark(backup), ...pinned ? ['pinned'] : []]
    .join(', ')
}

/** Nothing for a backup with a trusted signature. */
function signatureMark ({ signature }: Backup): readonly string[] {
  if (signature === null || signature.state === 'signed') return []
  return [signature.isRefused ? 'refused' : signature.state === 'unknown-key' ? 'unknown key' : signature.state]
}

export function paintState (text: string, backup: Backup, colours: Colours): string {
  const { status, verification, trashedAt, signature } = backup
  if (trashedAt !== null || isCancelled(backup)) return colours.dim(text)
  const isBad = status === 'failed' || verification.status === 'invalid' || isSuspect(backup)
  if (isBad || signature?.isRefused === true) return colours.red(text)
  return verification.status === 'valid' ? colours.green(text) : colours.yellow(text)
}
