import { Command } from 'commander'
import { toBackupError } from '../../core/errors.ts'
import { printableJson } from '../../core/printable.ts'
import type { Finding } from '../doctor/finding.ts'
import type { CatalogSnapshot, DoctorContext } from '../doctor/context.ts'
import { asTyped } from '../as-typed.ts'
import { exitCodesHelp, type Output } from '../output.ts'
import type { Screen } from '../screen.ts'
import { wrap } from '../text.ts'

export interface DoctorDeps {
  /** What is to be examined, or everything that is wrong with the configuration. */
  readonly doctorContext: () => Promise<DoctorContext | readonly ConfigProblem[]> | readonly ConfigProblem[]
  /** Reads a copy of the catalog; undefined: there is no catalog. */
  readonly openSnapshot: () => Promise<OpenedSnapshot | undefined>
  readonly output: Output
  /** Standard output, as it is now. */
  readonly screen: () => Screen
  readonly exit: (code: number) => void
}

export interface ConfigProblem {
  readonly name: string
  readonly problem: string
  readonly remedy: string
}

export interface OpenedSnapshot extends CatalogSnapshot {
  close(): Promise<void>
}

export function doctorCommand (deps: DoctorDeps): Command {
  return new Command('doctor')
    .description(
      'Check everything that could prevent backups from being made, kept or restored, and print remedies. Writes nothing except one small test object to each store for copies.'
    )
    .option('--json', 'print JSON; docs/cli.schema.json describes the format')
    .addHelpText('after', exitCodesHelp([0, 1, 2, 3]))
    .action(async (flags: { readonly json?: true }) => {
      const context = await deps.doctorContext()
      const findings = isProblems(context)
        ? await Promise.all(context.map(toFinding))
        : await examineAll(context, deps.openSnapshot)
      const ok = !findings.some(({ status }) => status === 'fail')
      deps.output.out.write(
        flags.json === true
          ? `${printableJson(JSON.stringify({ ok, findings }, undefined, 2))}\n`
          : asText(findings, deps.screen())
      )
      deps.exit(isProblems(context) ? 2 : ok ? 0 : 3)
    })
}

function isProblems (context: DoctorContext | readonly ConfigProblem[]): context is readonly ConfigProblem[] {
  return Array.isArray(context)
}

async function toFinding ({ name, problem, remedy }: ConfigProblem): Promise<Finding> {
  const { about } = await import('../doctor/finding.ts')
  return about('configuration').fail(`${name}: ${problem}`, remedy)
}

async function examineAll (
  context: DoctorContext,
  openSnapshot: DoctorDeps['openSnapshot']
): Promise<readonly Finding[]> {
  const [{ about }, { examine }] = await Promise.all([import('../doctor/finding.ts'), import('../doctor/examine.ts')])
  const [catalog, snapshot] = await open(openSnapshot)
  try {
    return [about('configuration').ok('the configuration is valid'), catalog, ...await examine(context, snapshot)]
  } finally {
    await snapshot?.close()
  }
}

async function open (openSnapshot: DoctorDeps['openSnapshot']): Promise<
  readonly [Finding, OpenedSnapshot | undefined]
> {
  const { about } = await import('../doctor/finding.ts')
  const { ok, warn, fail } = about('catalog')
  try {
    const snapshot = await openSnapshot()
    if (snapshot === undefined) {
      return [
        warn(
          'there is no catalog yet',
          'Start the service once: it creates the catalog and imports the backups whose manifests it finds.'
        ),
        undefined
      ]
    }
    return [ok('the catalog is intact'), snapshot]
  } catch (thrown) {
    const { message, hint } = toBackupError(thrown)
    return [fail(message, hint ?? 'Check the disk of DATA_DIR.'), undefined]
  }
}

const MARKS = { ok: '✓', warn: '!', fail: '✗', skipped: '-' } as const

function asText (findings: readonly Finding[], { width, command }: Pick<Screen, 'width' | 'command'>): string {
  const lines = findings.flatMap(({ check, source, status, message, remedy }) => [
    wrap(
      `${MARKS[status]} ${check}${source === undefined ? '' : ` of ${source}`}: ${asTyped(message, command)}`,
      width,
      2
    ),
    ...remedy === undefined ? [] : [`    ${wrap(asTyped(remedy, command), width - 4, 4)}`]
  ])
  return `${lines.join('\n')}\n\n${summary(findings)}\n`
}

function summary (findings: readonly Finding[]): string {
  const count = (wanted: Finding['status']): number => findings.filter(({ status }) => status === wanted).length
  const [failures, warnings] = [count('fail'), count('warn')]
  const wrong = failures === 0
    ? 'No problems'
    : failures === 1
    ? '1 problem'
    : `${failures} problems`
  return warnings === 0 ? `${wrong}.` : `${wrong}, ${warnings === 1 ? '1 warning' : `${warnings} warnings`}.`
}
