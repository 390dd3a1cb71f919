import { Command, Option } from 'commander'
import { AUDIT_OUTCOMES, type AuditOutcome } from '../../core/catalog/audit.ts'
import { jsonOption, limitOption, sinceOption } from '../arguments.ts'
import { exitCodesHelp } from '../output.ts'
import { collect } from '../pages.ts'
import { show, type JsonFlag, type Shell } from '../shell.ts'

interface Flags extends JsonFlag {
  readonly actor?: string
  readonly action?: string
  readonly outcome?: AuditOutcome
  readonly since?: Date
  readonly limit: number
}

export function auditCommand (shell: Shell): Command {
  return new Command('audit')
    .description('Show the audit log of the API and the command line, newest first.')
    .option('--actor <name>', 'only actions of this token subject or operating system user')
    .option('--action <words>', 'only this action, such as "backup create"')
    .addOption(new Option('--outcome <outcome>', 'only actions with this outcome').choices(AUDIT_OUTCOMES))
    .addOption(sinceOption('only actions', shell.screen))
    .addOption(limitOption('entries'))
    .addOption(jsonOption())
    .addHelpText('after', exitCodesHelp([0, 1, 2, 4, 6, 7]))
    .action(async (flags: Flags) => {
      const { actor, action, outcome, since, limit } = flags
      const entries = await shell.withReading(({ audit, audited }) =>
        audited({ action: 'audit', target: null }, () =>
          collect(limit, async page => {
            const { entries: items, next } = await audit.list({ actor, action, outcome, since, ...page })
            return { items, next }
          }))
      )
      const { viewAudit } = await import('../views/audit.ts')
      show(shell, flags, viewAudit(entries))
    })
}
