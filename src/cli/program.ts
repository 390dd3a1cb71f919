import { Command, InvalidArgumentError, Option, type Argument } from 'commander'
import { asTyped } from './as-typed.ts'
import { auditCommand } from './commands/audit.ts'
import { backupCreateCommand } from './commands/backup-create.ts'
import { completionCommand, type CompletionDeps } from './commands/completion.ts'
import { configCheckCommand, type ConfigCheckDeps } from './commands/config-check.ts'
import { configShowCommand, type ConfigShowDeps } from './commands/config-show.ts'
import { doctorCommand, type DoctorDeps } from './commands/doctor.ts'
import { diffCommand } from './commands/diff.ts'
import { downloadCommand, type DownloadDeps } from './commands/download.ts'
import { exportCommand } from './commands/export.ts'
import { describeCommand, pinCommand, unpinCommand } from './commands/edit.ts'
import { filesCommand } from './commands/files.ts'
import { importCommand, type ImportDeps } from './commands/import.ts'
import { keyCardCommand, type KeyCardDeps } from './commands/key-card.ts'
import { keyConfirmCommand } from './commands/key-confirm.ts'
import { keyListCommand } from './commands/key-list.ts'
import { keyNewCommand, type KeyNewDeps } from './commands/key-new.ts'
import { listCommand } from './commands/list.ts'
import { drillCommand } from './commands/drill.ts'
import { drillsCommand } from './commands/drills.ts'
import { pruneCommand } from './commands/prune.ts'
import { rebuildCommand } from './commands/rebuild.ts'
import { recoverCommand, salvageCommand, type SalvageDeps } from './commands/salvage.ts'
import { releaseCommand } from './commands/release.ts'
import { removeCommand } from './commands/remove.ts'
import { reportCommand, type ReportDeps } from './commands/report.ts'
import { rescueCommand } from './commands/rescue.ts'
import { restoreCommand, type RestoreDeps } from './commands/restore.ts'
import { restoreFromTrashCommand } from './commands/restore-from-trash.ts'
import { restoresCommand } from './commands/restores.ts'
import { restoresDiscardCommand } from './commands/restores-discard.ts'
import { restoresUndoCommand } from './commands/restores-undo.ts'
import { runsCommand } from './commands/runs.ts'
import { sampleCommand, type SampleDeps } from './commands/sample.ts'
import { schedulerStatusCommand, type SchedulerStatusDeps } from './commands/scheduler-status.ts'
import { schedulerStopCommand, type SchedulerStopDeps } from './commands/scheduler-stop.ts'
import { serveCommand, type ServeDeps } from './commands/serve.ts'
import { showCommand } from './commands/show.ts'
import { sourcesCommand } from './commands/sources.ts'
import { statsCommand } from './commands/stats.ts'
import { storesCommand } from './commands/stores.ts'
import { tokenCreateCommand, type TokenCreateDeps } from './commands/token-create.ts'
import { tokenListCommand, type TokenListDeps } from './commands/token-list.ts'
import { tokenRevokeCommand, type TokenRevokeDeps } from './commands/token-revoke.ts'
import { uploadCommand } from './commands/upload.ts'
import { verifyCommand, type VerifyDeps } from './commands/verify.ts'
import type { Shell } from './shell.ts'
import { examplesHelp } from './examples.ts'
import { exitCodesHelp } from './output.ts'

/** Where there is no terminal that says. */
const HELP_WIDTH = 80

/** What the commands need of everything that is not the command line. */
export interface ProgramDeps<Role extends string>
  extends
    ServeDeps,
    VerifyDeps,
    DownloadDeps,
    ReportDeps,
    SalvageDeps,
    SampleDeps,
    ImportDeps,
    RestoreDeps,
    SchedulerStatusDeps,
    SchedulerStopDeps,
    ConfigCheckDeps,
    ConfigShowDeps,
    Omit<DoctorDeps, keyof ConfigCheckDeps>,
    TokenCreateDeps<Role>,
    TokenListDeps,
    TokenRevokeDeps,
    KeyNewDeps,
    KeyCardDeps,
    Omit<CompletionDeps, 'program'> {
  readonly version: string
  /** The words by which the user calls this program. Default: `holdfast`. */
  readonly command?: string
  /** As if the variable had that value in the environment. */
  readonly setVariable: (name: 'HOLDFAST_CONFIG' | 'DATA_DIR', value: string) => void
  /** From now on what the server recorded of its configuration is left alone. */
  readonly ignoreServerConfig: () => void
}

/** Every command. One that is wrong usage throws a `CommanderError` after saying so. */
export function program<Role extends string> (deps: ProgramDeps<Role>): Command {
  const whole = group('holdfast', 'Back up databases while they are in use, verify each backup, and restore them.')
    .commandsGroup('Backups:')
    .addCommand(backupGroup(deps))
  for (const command of backupCommands(deps)) whole.addCommand(command)
  whole
    .version(`holdfast ${deps.version}`, '-V, --version', 'show the version')
    .commandsGroup('Sources and backups:')
    .addCommand(sourcesCommand(deps))
    .addCommand(storesCommand(deps))
    .addCommand(statsCommand(deps))
    .addCommand(runsCommand(deps))
    .addCommand(reportCommand(deps))
    .addCommand(rebuildCommand(deps))
    .addCommand(salvageCommand(deps))
    .addCommand(recoverCommand(deps), { hidden: true })
    .addCommand(sampleCommand(deps))
    .commandsGroup('The service:')
    .addCommand(serveCommand(deps))
    .addCommand(schedulerGroup(deps))
    .addCommand(doctorCommand(deps))
    .addCommand(
      group('config', 'The configuration.').addCommand(configCheckCommand(deps)).addCommand(configShowCommand(deps))
    )
    .addCommand(
      group('token', 'Tokens for the API.').addCommand(tokenCreateCommand(deps)).addCommand(tokenListCommand(deps))
        .addCommand(tokenRevokeCommand(deps))
    )
    .addCommand(
      group('key', 'Keys for the encryption of backups.').addCommand(keyNewCommand(deps)).addCommand(
        keyListCommand(deps)
      ).addCommand(keyCardCommand(deps)).addCommand(keyConfirmCommand(deps))
    )
    .addCommand(auditCommand(deps))
    .addCommand(completionCommand({ ...deps, program: () => whole }))
    .helpCommand('help [command]', 'Show the usage of a command.')
  const { output: { out, err }, command = 'holdfast' } = deps
  return throughout(whole, one =>
    one
      .addOption(
        new Option('--config <file>', 'configuration file; default: ./holdfast.yaml').argParser(requirePath)
      )
      .addOption(
        new Option('--data-dir <dir>', 'directory of the catalog and the secrets of the server; default: ./data')
          .argParser(
            requirePath
          )
      )
      .on('option:config', (file: string) => {
        deps.setVariable('HOLDFAST_CONFIG', file)
      })
      .on('option:data-dir', (directory: string) => {
        deps.setVariable('DATA_DIR', directory)
      })
      .option(
        '--ignore-server-config',
        'use only the configuration of this command, even if that of the server differs'
      )
      .on('option:ignore-server-config', () => {
        deps.ignoreServerConfig()
      })
      .addHelpText('after', examplesHelp(wordsOf(one)))
      .exitOverride()
      .showHelpAfterError('(--help shows the usage)')
      .configureHelp({
        minWidthToWrap: 20,
        subcommandTerm: below => [below.name(), ...below.registeredArguments.map(argumentTerm)].join(' ')
      })
      .configureOutput({
        writeOut: text => {
          out.write(asTyped(text, command))
        },
        writeErr: text => {
          err.write(asTyped(text, command))
        },
        getOutHelpWidth: () => out.columns ?? HELP_WIDTH,
        getErrHelpWidth: () => err.columns ?? HELP_WIDTH
      }))
}

/**
 * The words of the Signal Harvester guide, in which everything about backups stands behind "backup"; alone it makes
 * one.
 */
function backupGroup<Role extends string> (deps: ProgramDeps<Role>): Command {
  const backup = group(
    'backup',
    'Make a backup now (same as "backup create"). The other commands about backups also work after "backup".'
  )
    .addCommand(backupCreateCommand(deps), { isDefault: true })
  for (const command of backupCommands(deps)) backup.addCommand(command)
  return backup.addCommand(schedulerGroup(deps))
}

/** Made anew for each place: a command of commander's has one parent. */
function backupCommands<Role extends string> (deps: ProgramDeps<Role>): Command[] {
  const makers = [
    listCommand,
    showCommand,
    uploadCommand,
    restoresGroup,
    filesCommand,
    diffCommand,
    drillCommand,
    drillsCommand,
    removeCommand,
    restoreFromTrashCommand,
    releaseCommand,
    pinCommand,
    unpinCommand,
    describeCommand,
    pruneCommand
  ]
  return [
    verifyCommand(deps),
    downloadCommand(deps),
    restoreCommand(deps),
    rescueCommand(deps),
    exportCommand(deps),
    importCommand(deps),
    ...makers.map(make => make(deps))
  ]
}

function restoresGroup (shell: Shell): Command {
  return group('restores', 'List restores and drills (same as "restores list"), and undo a restore.')
    .addCommand(restoresCommand(shell), { isDefault: true })
    .addCommand(restoresUndoCommand(shell))
    .addCommand(restoresDiscardCommand(shell))
}

function schedulerGroup<Role extends string> (deps: ProgramDeps<Role>): Command {
  return group('scheduler', 'The scheduler, which makes automatic backups as part of the service.')
    .addCommand(
      serveCommand(deps).name('start').description(
        'Same as "serve": run the service, including automatic backups, until SIGTERM or SIGINT.'
      )
    )
    .addCommand(schedulerStopCommand(deps))
    .addCommand(schedulerStatusCommand(deps))
}

function group (name: string, description: string): Command {
  return new Command(name).description(description).addHelpText('after', exitCodesHelp([0, 2]))
}

function requirePath (text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('Give a path.')
  return text
}

function argumentTerm (argument: Argument): string {
  const { required, variadic } = argument
  const word = `${argument.name()}${variadic ? '...' : ''}`
  return required ? `<${word}>` : `[${word}]`
}

/** `backup list`; empty for the whole program. */
function wordsOf (command: Command): string {
  if (command.parent === null) return ''
  return `${wordsOf(command.parent)} ${command.name()}`.trim()
}

function throughout (command: Command, change: (command: Command) => void): Command {
  change(command)
  for (const below of command.commands) throughout(below, change)
  return command
}
