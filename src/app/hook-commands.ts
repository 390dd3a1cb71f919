import { stat } from 'node:fs/promises'
import type { Config } from '../config/config.ts'
import { BackupError } from '../core/errors.ts'
import type { RunCommand } from '../core/hooks.ts'

/**
 * Runs hooks as the user that owns DATA_DIR and as no other: a command that root runs takes the configuration over from
 * there, and must not run programs that another user has written into it.
 */
export function hookCommands ({ dataDir, commandEnvironment }: Pick<
  Config,
  'dataDir' | 'commandEnvironment'
>): RunCommand {
  return async (command, timeout, signal) => {
    const { uid } = await stat(dataDir)
    const own = process.getuid?.()
    if (own !== undefined && own !== uid) {
      throw new BackupError('HOOK_FAILED', `the hooks of a source run as the owner of DATA_DIR, user ${uid}`, {
        hint: `Run the command as user ${uid}: sudo -u "#${uid}" …`
      })
    }
    const { runCommand } = await import('../files/run-command.ts')
    return await runCommand(command, commandEnvironment, timeout, signal)
  }
}
