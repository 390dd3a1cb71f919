import type { Node } from './tree.ts'

/**
 * A script for bash. It goes along the words to find the command that the line has come to, and offers what may follow
 * it. Where nothing is known, as for the value of most options, bash falls back to the names of files.
 */
export function bashScript (tree: readonly Node[]): string {
  const [{ path: program } = { path: '' }] = tree
  const name = functionName(program)
  return `# Completion of ${program} for bash. Load it with: source <(${program} completion bash)
${name} () {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at=${program} words i
  # bash cuts words at "=": what stands before it is the option.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = && $COMP_CWORD -gt 2 ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
${tree.slice(1).map(({ path }) => `      ${quote(path)}) at=${quote(path)} ;;`).join('\n')}
    esac
  done
  case "$at $prev" in
${tree.flatMap(values).join('\n')}
  esac
  case "$at" in
${tree.map(node => `    ${quote(node.path)}) words=${quote(following(node))} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F ${name} ${program}
`
}

/** The cases of the options that take a value: its choices, or an empty answer, upon which bash offers files. */
function values ({ path, options }: Node): string[] {
  return options.filter(({ takesValue }) => takesValue).map(({ spellings, choices }) => {
    const pattern = spellings.map(spelling => quote(`${path} ${spelling}`)).join('|')
    return `    ${pattern}) COMPREPLY=(${
      choices.length === 0 ? '' : `$(compgen -W ${quote(choices.join(' '))} -- "$cur")`
    }); return ;;`
  })
}

function following ({ commands, options, choices }: Node): string {
  return [...commands.map(({ name }) => name), ...choices, ...options.flatMap(({ spellings }) => spellings)].join(' ')
}

function functionName (program: string): string {
  return `_${program.replaceAll(/\W/g, '_')}`
}

function quote (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
