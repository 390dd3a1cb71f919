import { Argument, Command } from 'commander'
import { bashScript } from '../completion/bash.ts'
import { fishScript } from '../completion/fish.ts'
import { commandTree, type LateChoices } from '../completion/tree.ts'
import { zshScript } from '../completion/zsh.ts'
import { exitCodesHelp, type Output } from '../output.ts'

export interface CompletionDeps {
  /** The whole program, this command included. Asked when the command runs, for only then is it whole. */
  readonly program: () => Command
  /** Values of the options that depend on the kinds of sources. */
  readonly lateChoices: () => Promise<LateChoices>
  readonly output: Output
}

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const

export function completionCommand (deps: CompletionDeps): Command {
  return new Command('completion')
    .description('Print the completion script for a shell.')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      `\nUse:\n  bash  source <(holdfast completion bash)\n  zsh   source <(holdfast completion zsh)\n  fish  holdfast completion fish | source\n${
        exitCodesHelp([0, 1, 2])
      }`
    )
    .action(async (shell: keyof typeof SCRIPTS) => {
      deps.output.out.write(SCRIPTS[shell](commandTree(deps.program(), await deps.lateChoices())))
    })
}
