import { z } from 'zod'
import { fail, FINDING_STATUSES, ok, skipped, warn } from '../../core/ports/finding.ts'

export const findingSchema = z.object({
  check: z.string(),
  status: z.enum(FINDING_STATUSES),
  source: z.string().optional(),
  message: z.string(),
  remedy: z.string().optional().meta({ description: 'The remedy, if one is needed.' })
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
    ok: message => ({ ...what, ...ok(message) }),
    warn: (message, remedy) => ({ ...what, ...warn(message, remedy) }),
    fail: (message, remedy) => ({ ...what, ...fail(message, remedy) }),
    skipped: reason => ({ ...what, ...skipped(reason) })
  }
}
