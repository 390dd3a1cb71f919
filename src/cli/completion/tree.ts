import type { Argument, Command, Option } from 'commander'

/** One command with what may follow it, as the program itself knows it: nothing here is kept by hand. */
export interface Node {
  /** From the program's name on: `holdfast token create`. */
  readonly path: string
  readonly commands: readonly Word[]
  readonly options: readonly Flag[]
  /** What the positional arguments may be; empty: anything. */
  readonly choices: readonly string[]
}

export interface Word {
  readonly name: string
  readonly description: string
}

export interface Flag {
  /** Every spelling: `-s`, `--source`. */
  readonly spellings: readonly string[]
  readonly description: string
  readonly takesValue: boolean
  /** What the value may be; empty: anything. */
  readonly choices: readonly string[]
}

/** Values of options by their long names, for options without a list of choices in the program. */
export type LateChoices = Readonly<Record<string, readonly string[]>>

/** Every command of the program, the program itself first. Hidden ones are left out. */
export function commandTree (program: Command, choices: LateChoices = {}): readonly Node[] {
  return walk(program, program.name(), choices)
}

function walk (command: Command, path: string, choices: LateChoices): readonly Node[] {
  const help = command.createHelp()
  const below = help.visibleCommands(command)
  const node: Node = {
    path,
    commands: below.flatMap(one =>
      [one.name(), ...one.aliases()].map(name => ({ name, description: help.subcommandDescription(one) }))
    ),
    options: help.visibleOptions(command).map(option => toFlag(option, choices)),
    choices: command.registeredArguments.flatMap((argument: Argument) => argument.argChoices ?? [])
  }
  // The command "help" is commander's own: it takes the names of the others, and has nothing below it.
  return [
    node,
    ...below.filter(one => one.name() !== 'help').flatMap(one =>
      [one.name(), ...one.aliases()].flatMap(name => walk(one, `${path} ${name}`, choices))
    )
  ]
}

function toFlag (option: Option, choices: LateChoices): Flag {
  return {
    spellings: [option.short, option.long].filter(spelling => spelling !== undefined),
    description: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? choices[option.long ?? ''] ?? []
  }
}
