import { z } from 'zod'
import { describeSignature, type SignatureState } from '../../core/backup/signature.ts'
import { verificationMessage } from '../../core/ports/verification.ts'
import type { Verified } from '../../engine/verify/verify.ts'
import type { VerifiedFile } from '../../engine/verify/verify-file.ts'
import { count } from '../../present/common.ts'
import { failureSchema, presentFailure, type Failed } from '../../present/failure.ts'
import { signatureSchema } from '../../present/signature.ts'
import { checkSchema, presentVerified, verifiedSchema } from '../../present/verification.ts'
import type { Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { cutMiddle, printable, wrap } from '../text.ts'
import { counted } from '../../core/counted.ts'
import { nameOf } from './backup.ts'
import { checkLine } from './checks.ts'

export const verifySchema = z.object({
  verified: count,
  valid: count,
  invalid: count,
  results: z.array(verifiedSchema),
  failures: z.array(failureSchema).meta({ description: 'Backups that could not be checked.' })
})

export const verifyFileSchema = z.object({
  path: z.string(),
  verdict: z.enum(['valid', 'sound', 'damaged']).meta({
    description: '`sound`: the content passed all checks, but there is no manifest to compare it with.'
  }),
  message: z.string(),
  checks: z.array(checkSchema),
  signature: signatureSchema.pick({ state: true, keyId: true }).nullable().meta({
    description: 'Signature of the manifest; null: there is no readable manifest.'
  })
})

export function viewVerified (results: readonly Verified[], failures: readonly Failed[]): View {
  const invalid = results.filter(({ verification }) => !verification.valid).length
  const json: z.infer<typeof verifySchema> = {
    verified: results.length,
    valid: results.length - invalid,
    invalid,
    results: results.map(presentVerified),
    failures: failures.map(presentFailure)
  }
  return {
    json,
    text: screen =>
      [
        ...results.flatMap(result => verifiedLines(result, results.length === 1, screen)),
        ...failures.map(failure => failureLine(failure, screen)),
        ...results.length + failures.length > 1 ? [''] : [],
        ...results.length + failures.length === 1 ? [] : [summary(json)],
        ''
      ].join('\n')
  }
}

export function failureLine ({ backupId, error }: Failed, { colours }: Screen): string {
  return `${colours.yellow('!')} backup ${backupId}: ${printable(error.message)}`
}

/** Every check of one that stands alone; of several only what is wrong, and what to do. */
function verifiedLines ({ backup, verification }: Verified, isAlone: boolean, { colours, width }: Screen): string[] {
  const { valid, checks } = verification
  const [mark, verdict] = valid ? [colours.green('✓'), 'valid'] : [colours.red('✗'), 'NOT VALID']
  const title = `backup ${backup.id} ${verdict}: `
  return [
    `${mark} ${title}${cutMiddle(nameOf(backup), width - title.length - 2)}`,
    ...isAlone ? [...checks.map(check => `    ${checkLine(check, colours)}`), ...signatureLine(backup.signature)] : [],
    ...valid ? [] : [wrap(`    ${printable(verificationMessage(verification))}`, width, 4)]
  ]
}

function signatureLine (signature: Pick<SignatureState, 'state' | 'keyId'> | null): readonly string[] {
  return signature === null ? [] : [`    the manifest is ${describeSignature(signature)}`]
}

function summary ({ verified, valid, invalid, failures }: z.infer<typeof verifySchema>): string {
  if (verified + failures.length === 0) return 'nothing to verify: no completed backup of this installation matches'
  if (invalid + failures.length === 0) return `all ${counted(verified, 'backup')} are valid`
  const parts = [
    `${valid} valid`,
    ...invalid > 0 ? [`${invalid} NOT VALID`] : [],
    ...failures.length > 0 ? [`${failures.length} could not be checked`] : []
  ]
  return `${counted(verified + failures.length, 'backup')}: ${parts.join(', ')}`
}

export function viewVerifiedFile ({ path, verdict, message, verification: { checks }, signature }: VerifiedFile): View {
  const signed = signature === null ? null : { state: signature.state, keyId: signature.keyId }
  const json: z.infer<typeof verifyFileSchema> = { path, verdict, message, checks: [...checks], signature: signed }
  return {
    json,
    text: ({ colours, width }) => {
      const mark = verdict === 'damaged'
        ? colours.red('✗')
        : verdict === 'sound'
        ? colours.yellow('✓')
        : colours.green('✓')
      return [
        `${mark} ${printable(path)}`,
        wrap(`    ${printable(message)}`, width, 4),
        ...checks.map(check => `    ${checkLine(check, colours)}`),
        ...signatureLine(signature),
        ''
      ].join('\n')
    }
  }
}
