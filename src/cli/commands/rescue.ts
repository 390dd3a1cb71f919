import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { BackupError } from '../../core/errors.ts'
import { CONFLICT_POLICIES, type ConflictPolicy } from '../../core/restore/rows.ts'
import type { Rescued, RescueRequest } from '../../engine/restore/rows.ts'
import { idArgument, jsonOption, parseWait } from '../arguments.ts'
import { targetOf } from '../each.ts'
import { requireSealing } from '../guards.ts'
import { hinted } from '../hinted.ts'
import { exitCodesHelp } from '../output.ts'
import type { Session } from '../session.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'
import { tableOption } from './diff.ts'
import type { RestoreDeps } from './restore.ts'

interface Flags extends JsonFlag {
  readonly table?: readonly string[]
  readonly member?: string
  readonly where?: string
  readonly withChildren?: true
  readonly conflict: ConflictPolicy
  readonly csv?: string
  readonly dryRun?: true
  readonly confirm?: true
  readonly yes?: true
  /** Milliseconds. */
  readonly timeout?: number
}

export function rescueCommand (deps: RestoreDeps): Command {
  return new Command('rescue')
    .description(
      'Copy rows of a backup into the running database, in one transaction, without undoing later changes. On a terminal, show the plan and ask for confirmation.'
    )
    .addArgument(idArgument())
    .addOption(tableOption('rows of this table; repeatable').makeOptionMandatory())
    .option(
      '--where <condition>',
      'only rows that match this SQL expression over the columns in the backup'
    )
    .option('--member <name>', 'for a backup of a set: the member that has the rows')
    .option('--with-children', 'also restore missing rows that refer to them, for example after an ON DELETE CASCADE')
    .addOption(
      new Option(
        '--conflict <policy>',
        'if another row has the same key: skip the row, overwrite the live row (after a backup), or fail and write nothing'
      ).choices(CONFLICT_POLICIES).default('skip')
    )
    .option(
      '--csv <file>',
      'write the rows of one table to a new file or to standard output (-) instead; works without the live database'
    )
    .option('--dry-run', 'only show the plan')
    .addOption(
      new Option('--timeout <time>', 'maximum wait for locks of other processes: 15s, 2m (default: 15s)')
        .argParser(parseWait)
    )
    .option('--confirm', 'do not ask for confirmation')
    .option('-y, --yes', 'same as --confirm')
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 5, 6, 7, 130]))
    .action((id: number, flags: Flags) =>
      flags.csv === undefined
        ? rescue(deps, id, flags)
        : flags.csv === '-'
        ? print(deps, id, flags)
        : save(deps, id, flags, flags.csv)
    )
}

async function rescue (deps: RestoreDeps, id: number, flags: Flags): Promise<void> {
  const isAsked = flags.dryRun !== true && flags.confirm !== true && flags.yes !== true
  if (isAsked && (deps.ask === undefined || flags.json === true)) {
    throw new BackupError(
      'VALIDATION_FAILED',
      'writing rows into the live database needs confirmation, and there is no terminal to ask for it',
      { hint: 'Re-run with --confirm, or with --dry-run to see the plan.' }
    )
  }
  await hinted(
    'SOURCE_NOT_FOUND',
    'Configure the source, or write the rows to a file with --csv.',
    () =>
      deps.withSession(flags, async session => {
        if (isAsked && !await agreed(deps, await perform(session, id, flags, true))) return
        const { viewRescued } = await import('../views/rows.ts')
        show(deps, flags, viewRescued(await perform(session, id, flags, flags.dryRun === true), { isKnown: isAsked }))
      })
  )
}

async function perform (
  session: Session,
  id: number,
  { table: tables = [], member, where, withChildren, conflict, timeout }: Flags,
  dryRun: boolean
): Promise<Rescued> {
  const { engine, run, audited } = session
  // What is overwritten is backed up first.
  if (conflict === 'overwrite' && !dryRun) await requireSealing(session, (await engine.backup(id)).source)
  const request: RescueRequest = {
    member,
    selections: tables.map(table => ({ table, where })),
    children: withChildren === true,
    conflict,
    dryRun,
    timeout
  }
  const work = (): Promise<Rescued> => run(() => engine.rescue(id, request))
  // Its counts tell what is in the rows, also where nothing is written.
  return await audited({ action: dryRun ? 'rescue dry-run' : 'rescue', target: targetOf([id]) }, work)
}

async function agreed ({ ask, output, screen }: Shell, planned: Rescued): Promise<boolean> {
  const { nothingWritten, rescuePlan, written } = await import('../views/rows.ts')
  output.out.write(`${rescuePlan(planned, screen())}\n`)
  // What is refused need not be asked about: doing it says why, with the exit code for it.
  if (planned.rescue.refused) return true
  const isEmpty = written(planned) === 0
  if (!isEmpty && await ask?.('Write these rows into the live database?') === true) return true
  output.out.write(isEmpty ? nothingWritten(planned) : 'nothing was written\n')
  return false
}

async function save (deps: RestoreDeps, id: number, flags: Flags, csv: string): Promise<void> {
  const file = resolve(deps.cwd, csv)
  const rows = await extract(deps, id, flags, file)
  const { viewExtracted } = await import('../views/rows.ts')
  show(deps, flags, viewExtracted(id, rows, file))
}

/** Nothing is printed before all rows are known to be whole. */
async function print (deps: RestoreDeps, id: number, flags: Flags): Promise<void> {
  if (flags.json === true) {
    throw new BackupError('VALIDATION_FAILED', '"--csv -" and "--json" both write to standard output', {
      hint: 'Omit --json, or give a file for the CSV.'
    })
  }
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-'))
  try {
    const file = join(directory, 'rows.csv')
    await extract(deps, id, flags, file)
    const { out } = deps.output
    for await (const text of createReadStream(file, 'utf8')) (out.writeData ?? out.write).call(out, String(text))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function extract (deps: RestoreDeps, id: number, flags: Flags, file: string): Promise<number> {
  const [table, ...more] = flags.table ?? []
  if (table === undefined || more.length > 0) {
    throw new BackupError('VALIDATION_FAILED', 'a CSV file holds the rows of exactly one table', {
      hint: 'Give one --table, and run the command once for each table.'
    })
  }
  return await deps.withSession(
    flags,
    ({ engine, run, audited }) =>
      audited(
        { action: 'rescue', target: targetOf([id]) },
        () => run(() => engine.extract(id, { table, where: flags.where }, file, flags.member))
      )
  )
}
