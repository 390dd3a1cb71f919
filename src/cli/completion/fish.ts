import type { Flag, Node } from './tree.ts'

/** A script for fish, for a file in `~/.config/fish/completions`, or to be sourced. */
export function fishScript (tree: readonly Node[]): string {
  const [{ path: program } = { path: '' }] = tree
  return `# Completion of ${program} for fish. Load it with: ${program} completion fish | source
function __${program}_at
  set -l at ${program}
  for word in (commandline -opc)[2..-1]
    switch "$at $word"
      case ${tree.slice(1).map(({ path }) => quote(path)).join(' ')}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c ${program} -e
${tree.flatMap(node => linesOf(program, node)).join('\n')}
`
}

function linesOf (program: string, { path, commands, choices, options }: Node): string[] {
  const start = `complete -c ${program} -n ${quote(`__${program}_at ${quote(path)}`)}`
  return [
    ...commands.map(({ name, description }) => `${start} -f -a ${quote(name)} -d ${quote(description)}`),
    ...choices.map(choice => `${start} -f -a ${quote(choice)}`),
    ...options.map(option => `${start} ${flagWords(option)} -d ${quote(option.description)}`)
  ]
}

/** `-r`: a value must follow; `-f`: it is no file. */
function flagWords ({ spellings, takesValue, choices }: Flag): string {
  const names = spellings.map(spelling =>
    spelling.startsWith('--') ? `-l ${spelling.slice(2)}` : `-s ${spelling.slice(1)}`
  )
  const value = choices.length > 0 ? [`-r -f -a ${quote(choices.join(' '))}`] : takesValue ? ['-r'] : []
  return [...names, ...value].join(' ')
}

/** In fish a quote within single quotes is escaped by a backslash, and so is a backslash. */
function quote (text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
