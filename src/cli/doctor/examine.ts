import { toBackupError } from '../../core/errors.ts'
import { requireAnswer } from '../../files/access.ts'
import { examineEncryption } from './encryption.ts'
import { about, type Finding } from './finding.ts'
import { examineLeftovers } from './leftovers.ts'
import { examineOwners } from './owners.ts'
import { examineRights } from './rights.ts'
import { examineSchedule } from './schedule.ts'
import { examineSecrets } from './secrets.ts'
import { examineServer } from './server.ts'
import { examineSignatures } from './signatures.ts'
import { examinationsOf, examineSourceRights } from './sources.ts'
import { examineSpace } from './space.ts'
import { examineStores } from './stores.ts'
import type { Examination, CatalogSnapshot, DoctorContext } from './context.ts'
import { examineTime } from './time.ts'
import { examineTokens } from './tokens.ts'
import { examineVersions } from './versions.ts'
import { examineDisksAndCopies } from './disks.ts'

/** A service without a database to protect is nobody's wish. */
const examineSources: Examination = async ({ sources }) => {
  const { ok, warn } = about('sources')
  if (sources.length > 0) return [ok(`protected: ${sources.map(({ name }) => name).join(', ')}`)]
  return [
    warn(
      'no database is configured: the service protects only its own catalog',
      'Set DATABASE_PATH, or configure sources in holdfast.yaml.'
    )
  ]
}

/** The sources that can be looked at; of the others, that their mount does not answer. */
async function answeringSources ({ sources }: DoctorContext): Promise<readonly [Finding[], DoctorContext['sources']]> {
  const findings: Finding[] = []
  const answering: Array<DoctorContext['sources'][number]> = []
  for (const source of sources) {
    try {
      for (const { path } of source.kind.paths(source.values)) await requireAnswer(path)
      answering.push(source)
    } catch (thrown) {
      const { message, hint } = toBackupError(thrown)
      findings.push(about(source.kind.noun, source.name).fail(message, hint ?? 'Check the mount.'))
    }
  }
  return [findings, answering]
}

/** What the configuration says in vain. */
const examineNotices: Examination = async ({ notices }) => {
  const { warn } = about('configuration')
  return notices.map(({ name, problem, remedy }) => warn(`${name} ${problem}`, remedy))
}

/** In the order in which they are told. */
const examinations = (context: DoctorContext): ReadonlyArray<readonly [string, Examination]> => [
  ['configuration', examineNotices],
  ['versions', examineVersions],
  ['rights', examineRights],
  ['rights', examineSourceRights],
  ['rights', examineOwners],
  ['space', examineSpace],
  ['clock', examineTime],
  ['secrets', examineSecrets],
  ['tokens', examineTokens],
  ['encryption', examineEncryption],
  ['signature', examineSignatures],
  ['server', examineServer],
  ['sources', examineSources],
  ...examinationsOf(context),
  ['disk', examineDisksAndCopies],
  ['store', examineStores],
  ['schedule', examineSchedule],
  ['trash', examineLeftovers]
]

/**
 * Everything that is to be said of the service. An examination that cannot be made is a finding, too; never rejects.
 */
export async function examine (
  whole: DoctorContext,
  snapshot: CatalogSnapshot | undefined
): Promise<readonly Finding[]> {
  const [findings, sources] = await answeringSources(whole)
  const context = { ...whole, sources }
  for (const [check, examination] of examinations(context)) {
    try {
      findings.push(...await examination(context, snapshot))
    } catch (thrown) {
      const { message, hint } = toBackupError(thrown)
      findings.push(
        about(check).fail(
          `the check failed: ${message}`,
          hint ?? 'Check the disk and the system log.'
        )
      )
    }
  }
  return findings
}
