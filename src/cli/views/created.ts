import { z } from 'zod'
import { inDuration } from '../../core/duration.ts'
import { totalSize, type Backup, type BackupMethod } from '../../core/backup/backup.ts'
import type { CopyStatus } from '../../core/backup/copy.ts'
import { LANDING_STORE } from '../../core/ports/store.ts'
import { verificationWarning } from '../../core/ports/verification.ts'
import { inSize } from '../../core/size.ts'
import type { Created } from '../../engine/backup/created.ts'
import { describeRemoval } from '../../engine/retention/removal.ts'
import { presentBackup } from '../../present/backup.ts'
import { presentRemovedFor, removedForShape } from '../../present/removal.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { printable } from '../text.ts'
import { nameOf, oneBackupSchema } from './backup.ts'

export const createdSchema = z.object({ ...oneBackupSchema.shape, ...removedForShape })

/**
 * A new backup, its copies, and each backup that was removed for it. `wanted`: the requested method. A full backup in
 * place of an increment has the reason in its description.
 */
export function viewCreated (created: Created, wanted: BackupMethod = 'full'): View {
  const json: z.infer<typeof createdSchema> = { backup: presentBackup(created), ...presentRemovedFor(created) }
  return { json, text: screen => createdText(created, wanted, screen) }
}

function createdText (created: Created, wanted: BackupMethod, { colours }: Screen): string {
  const { method, originalSize, startedAt, completedAt, verification, id, parts, removed, rotationError } = created
  const size = totalSize(created)
  // The size of the image is that of the main part alone.
  const isSmaller = parts.length === 0 && size !== null && originalSize !== null && size !== originalSize
  const facts: ReadonlyArray<readonly [string, string | undefined]> = [
    [
      'Size',
      size === null ? undefined : `${inSize(size)}${isSmaller ? ` (compressed from ${inSize(originalSize)})` : ''}`
    ],
    ['Duration', completedAt === null ? undefined : inDuration(completedAt.getTime() - startedAt.getTime())],
    ['Compression ratio', isSmaller && size > 0 ? `${(originalSize / size).toFixed(2)}x` : undefined],
    ['Backup ID', String(id)],
    ['Depends on', created.parentId === null ? undefined : `backup ${created.parentId}`],
    ['Note', wanted === method || created.description === null ? undefined : printable(created.description)],
    ['Verified', verification.status === 'valid' ? undefined : 'no'],
    ['Warning', printableWarning(verification.checks)],
    ['Suspect', created.suspicion?.reasons.join('; ')],
    ...copyLines(created).map(line => ['Copy', line] as const),
    ...removed.map(one => ['Removed', describeRemoval(one)] as const),
    [
      'Rotation',
      rotationError === null
        ? undefined
        : `failed (${rotationError}); backups beyond maxBackups remain until the next backup`
    ]
  ]
  return [
    `${colours.green('✓')} Created ${method} backup: ${nameOf(created)}`,
    ...facts.filter(([, value]) => value !== undefined).map(([name, value]) => `  ${name}: ${value ?? ''}`),
    ''
  ].join('\n')
}

/** Names of tables come from the database, and need not be fit for a terminal. */
function printableWarning (checks: Backup['verification']['checks']): string | undefined {
  const warning = verificationWarning(checks)
  return warning === undefined ? undefined : printable(warning)
}

const COPY_STATES: Readonly<Record<CopyStatus, string>> = {
  pending: 'waiting for the service, or for "holdfast upload"',
  uploading: 'being uploaded',
  stored: 'stored',
  failed: 'failed',
  missing: 'missing',
  removing: 'being removed'
}

/** One for each store but the one where it landed. */
function copyLines ({ copies }: Backup): readonly string[] {
  return copies.filter(({ store }) => store !== LANDING_STORE).map(({ store, status, error }) =>
    `"${store}": ${COPY_STATES[status]}${error === null ? '' : `: ${error}`}`
  )
}
