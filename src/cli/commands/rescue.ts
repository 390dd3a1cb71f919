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
      'Bring rows of a backup back into the running database, in one transaction; what was written since stays. On a terminal it shows the plan, and asks.'
    )
    .addArgument(idArgument())
    .addOption(tableOption('rows of this table; may be repeated').makeOptionMandatory())
    .option(
      '--where <condition>',
      'only rows for which this SQL expression holds, over the columns as the backup has them'
    )
    .option('--with-children', 'and rows that refer to them and are gone, such as an ON DELETE CASCADE took')
    .addOption(
      new Option(
        '--conflict <policy>',
        'where another row has the key: skip it, overwrite it (after a backup), or fail and write nothing'
      ).choices(CONFLICT_POLICIES).default('skip')
    )
    .option(
      '--csv <file>',
      'write the rows of one table to a new file instead, or to standard output (-); the database is not needed for that'
    )
    .option('--dry-run', 'only show what would be done')
    .addOption(
      new Option('--timeout <time>', 'how long to wait for those who hold the database: 15s, 2m (default: 15s)')
        .argParser(parseWait)
    )
    .option('--confirm', 'without asking')
    .option('-y, --yes', 'the same')
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
      'rows are to be written into the live database, and nobody can be asked',
      { hint: 'Say --confirm, or --dry-run to see what would be done.' }
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
  { table: tables = [], where, withChildren, conflict, timeout }: Flags,
  dryRun: boolean
): Promise<Rescued> {
  const { engine, run, audited } = session
  // What is overwritten is backed up first.
  if (conflict === 'overwrite' && !dryRun) await requireSealing(session, (await engine.backup(id)).source)
  const request: RescueRequest = {
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
  const { rescuePlan, written } = await import('../views/rows.ts')
  output.out.write(`${rescuePlan(planned, screen())}\n`)
  // What is refused need not be asked about: doing it says why, with the exit code for it.
  if (planned.rescue.refused) return true
  if (written(planned) > 0 && await ask?.('Bring them back?') === true) return true
  output.out.write('nothing was written\n')
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
    throw new BackupError('VALIDATION_FAILED', 'standard output takes either CSV or JSON', {
      hint: 'Leave out --json, or name a file.'
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
    throw new BackupError('VALIDATION_FAILED', 'one file takes the rows of one table', {
      hint: 'Give one --table, and run the command once for each.'
    })
  }
  return await deps.withSession(
    flags,
    ({ engine, run, audited }) =>
      audited(
        { action: 'rescue', target: targetOf([id]) },
        () => run(() => engine.extract(id, { table, where: flags.where }, file))
      )
  )
}
