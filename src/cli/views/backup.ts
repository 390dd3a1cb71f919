import { z } from 'zod'
import { inDuration } from '../../core/duration.ts'
import { totalSize, type Backup } from '../../core/backup/backup.ts'
import type { Copy } from '../../core/backup/copy.ts'
import type { VerificationRecord } from '../../core/catalog/catalog.ts'
import { fileName } from '../../core/backup/object-key.ts'
import { describeSignature } from '../../core/backup/signature.ts'
import { MAIN } from '../../core/ports/part.ts'
import { LANDING_STORE } from '../../core/ports/store.ts'
import { verificationWarning } from '../../core/ports/verification.ts'
import { backupSchema, presentBackup } from '../../present/backup.ts'
import { instant } from '../../present/common.ts'
import { checkSchema } from '../../present/verification.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { inSize } from '../../core/size.ts'
import { inTime } from '../times.ts'
import { checkLine } from './checks.ts'
import { factLines, type Fact } from './facts.ts'

/** What every command prints that did something to one backup. */
export const oneBackupSchema = z.object({ backup: backupSchema })

export const showSchema = z.object({
  backup: backupSchema,
  verifications: z.array(z.object({ checkedAt: instant, valid: z.boolean(), checks: z.array(checkSchema) })).meta({
    description: 'Newest first.'
  })
})

export function nameOf ({ key }: Backup): string {
  return fileName(key)
}

/** What was done, in one line. */
export function viewDone (backup: Backup, sentence: string): View {
  return { json: { backup: presentBackup(backup) }, text: ({ colours }) => `${colours.green('✓')} ${sentence}\n` }
}

export function viewBackup (
  backup: Backup,
  verifications: readonly VerificationRecord[],
  content: string | undefined
): View {
  const json: z.infer<typeof showSchema> = {
    backup: presentBackup(backup),
    verifications: verifications.map(({ checkedAt, verification: { valid, checks } }) => ({
      checkedAt: checkedAt.toISOString(),
      valid,
      checks: [...checks]
    }))
  }
  return {
    json,
    text: screen => describeBackup(backup, screen, content) + history(verifications, screen)
  }
}

/** One line for everything that can be said of it. */
export function describeBackup (backup: Backup, screen: Screen, content?: string): string {
  const { colours } = screen
  const checks = backup.verification.status === 'invalid'
    ? backup.verification.checks.filter(({ status }) => status === 'fail')
    : []
  return [
    colours.bold(`Backup ${backup.id}`),
    ...factLines(factsOf(backup, content, screen), screen),
    ...checks.map(check => `    ${checkLine(check, colours)}`),
    ''
  ].join('\n')
}

/** Bytes of all parts, and of each where there are several. */
function sizeFacts (backup: Backup): readonly Fact[] {
  const total = totalSize(backup)
  const inBytes = (size: number | null): string | null => size === null ? null : `${inSize(size)} (${size} bytes)`
  if (backup.parts.length === 0) return [['size', inBytes(total)]]
  const main = { name: MAIN, fileName: nameOf(backup), size: backup.size, checksum: backup.checksum }
  return [
    ['size', total === null ? null : `${inBytes(total) ?? ''} in ${backup.parts.length + 1} parts`],
    ...[main, ...backup.parts].map(({ name, fileName, size }): Fact => [
      `part "${name}"`,
      `${fileName}${size === null ? '' : `, ${inBytes(size) ?? ''}`}`
    ])
  ]
}

function inStore ({ status, location, error, nextAttemptAt }: Copy, screen: Screen): string {
  const again = nextAttemptAt === null ? '' : `, next attempt ${inTime(nextAttemptAt, screen)}`
  return status === 'stored' ? location : `${status}${error === null ? '' : `: ${error}`}${again}`
}

function factsOf (backup: Backup, content: string | undefined, screen: Screen): readonly Fact[] {
  const { size, originalSize, startedAt, completedAt, verification, signature } = backup
  const at = (time: Date | null): string | null => time === null ? null : inTime(time, screen)
  return [
    ['file', backup.deletedAt === null ? backup.filePath : null],
    ['source', backup.source],
    ['type', `${backup.type}${backup.schedule === null ? '' : ` (${backup.schedule})`}, ${backup.method}`],
    ['chain', chainInWords(backup)],
    ['status', backup.status],
    ['error', backup.errorMessage === null ? null : `${backup.errorMessage} (${backup.errorCode ?? 'unknown'})`],
    ['description', backup.description],
    ['started', at(startedAt)],
    ['duration', completedAt === null ? null : inDuration(completedAt.getTime() - startedAt.getTime())],
    ...sizeFacts(backup),
    [
      'unpacked',
      originalSize === null || originalSize === size ? null : `${inSize(originalSize)} (${originalSize} bytes)`
    ],
    ['compression', backup.compression],
    ['encryption', backup.encryption === 'none' ? null : backup.encryption],
    ['sha256', backup.checksum],
    ['content', content ?? null],
    [
      'verified',
      verification.status === 'unverified'
        ? 'never'
        : `${verification.status}${
          verification.checkedAt === null ? '' : `, ${inTime(verification.checkedAt, screen)}`
        }`
    ],
    ['warning', verificationWarning(verification.checks) ?? null],
    ['manifest', signature === null ? null : describeSignature(signature)],
    ['refused', signature?.isRefused === true ? 'a signature by a trusted key is required' : null],
    ['suspect', backup.suspicion === null ? null : backup.suspicion.reasons.join('; ')],
    [
      'released',
      backup.suspicion === null || backup.suspicion.releasedAt === null
        ? null
        : `${at(backup.suspicion.releasedAt) ?? ''} by ${backup.suspicion.releasedBy ?? 'an unknown user'}`
    ],
    ['pinned', backup.pinned ? 'yes' : null],
    ...backup.copies.filter(({ store }) => store !== LANDING_STORE).map(
      (copy): Fact => [`in "${copy.store}"`, inStore(copy, screen)]
    ),
    ['trashed', at(backup.trashedAt)],
    ['removed', at(backup.deletedAt)]
  ]
}

/** Its place in a chain: `increment 2 of notes-1, built on backup 7`; null: it is in none. */
function chainInWords ({ link, parentId }: Backup): string | null {
  if (link === null) return null
  if (link.depth === 0) return `full backup of ${link.chain}`
  return `increment ${link.depth} of ${link.chain}, based on ${
    parentId === null ? 'an unknown backup' : `backup ${parentId}`
  }`
}

function history (verifications: readonly VerificationRecord[], screen: Screen): string {
  const { colours } = screen
  const [last] = verifications
  if (last === undefined) return ''
  const earlier = verifications.map(({ checkedAt, verification: { valid } }) =>
    `  ${inTime(checkedAt, screen)}  ${valid ? colours.green('valid') : colours.red('not valid')}`
  )
  return [
    '',
    colours.bold('Last verification'),
    ...last.verification.checks.map(check => `  ${checkLine(check, colours)}`),
    '',
    colours.bold('All verifications'),
    ...earlier,
    ''
  ].join('\n')
}
