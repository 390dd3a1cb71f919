import { z } from 'zod'

/**
 * `warn`: it works, and could be better; `fail`: backups are not made, are not safe, or will not be; `skipped`: it
 * could not be looked at.
 */
export const FINDING_STATUSES = ['ok', 'warn', 'fail', 'skipped'] as const

export const findingSchema = z.object({
  check: z.string(),
  status: z.enum(FINDING_STATUSES),
  source: z.string().optional(),
  message: z.string(),
  remedy: z.string().optional().meta({ description: 'What to do, where something is to be done.' })
}).meta({ id: 'Finding' })

export type Finding = Readonly<z.infer<typeof findingSchema>>

/** What `doctor --json` prints. */
export const diagnosisSchema = z.object({
  ok: z.boolean().meta({ description: 'Whether nothing fails; there may be warnings.' }),
  findings: z.array(findingSchema)
}).meta({ id: 'Diagnosis' })

/** What one check can say, of one source or of the whole. */
export interface Verdicts {
  readonly ok: (message: string) => Finding
  readonly warn: (message: string, remedy: string) => Finding
  readonly fail: (message: string, remedy: string) => Finding
  readonly skipped: (reason: string) => Finding
}

export function about (check: string, source?: string): Verdicts {
  const what = source === undefined ? { check } : { check, source }
  return {
    ok: message => ({ ...what, status: 'ok', message }),
    warn: (message, remedy) => ({ ...what, status: 'warn', message, remedy }),
    fail: (message, remedy) => ({ ...what, status: 'fail', message, remedy }),
    skipped: reason => ({ ...what, status: 'skipped', message: reason })
  }
}
