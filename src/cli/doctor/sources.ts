import type { Finding } from './finding.ts'
import type { Examination, DoctorContext } from './context.ts'

/** The check that comes with the rights of the service. */
const RIGHTS = 'rights'

/** Whether the user of this process may read the sources. */
export const examineSourceRights: Examination = context => examineSources(context, RIGHTS)

/** What else the kinds of the sources look at: one check after the other, each of every source that has it. */
export function examinationsOf ({ sources }: DoctorContext): ReadonlyArray<readonly [string, Examination]> {
  const checks = new Set(sources.flatMap(({ kind }) => Object.keys(kind.examinations)))
  checks.delete(RIGHTS)
  return [...checks].map(check => [check, context => examineSources(context, check)])
}

async function examineSources ({ sources }: DoctorContext, check: string): Promise<readonly Finding[]> {
  const found = await Promise.all(sources.map(async ({ name, kind, values }) => {
    const findings = await kind.examinations[check]?.(values) ?? []
    return findings.map(finding => ({ check, source: name, ...finding }))
  }))
  return found.flat()
}
