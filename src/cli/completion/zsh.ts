import type { Node } from './tree.ts'

/** A script for zsh, for a file `_holdfast` in a directory of `fpath`, or to be sourced after `compinit`. */
export function zshScript (tree: readonly Node[]): string {
  const [{ path: program } = { path: '' }] = tree
  return `#compdef ${program}
# Completion of ${program} for zsh. Load it with: source <(${program} completion zsh)
_${program} () {
  local at=${program} prev=\${words[CURRENT-1]} i
  local -a words_of options_of
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
${tree.slice(1).map(({ path }) => `      (${quote(path)}) at=${quote(path)} ;;`).join('\n')}
    esac
  done
  case "$at $prev" in
${tree.flatMap(values).join('\n')}
  esac
  case "$at" in
${
    tree.map(node =>
      `    (${quote(node.path)}) words_of=(${wordsOf(node).map(quote).join(' ')}) options_of=(${
        optionsOf(node).map(quote).join(' ')
      }) ;;`
    ).join('\n')
  }
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option options_of
  else
    _describe command words_of
  fi
}
if [[ \${funcstack[1]} == _${program} ]]; then
  _${program} "$@"
else
  compdef _${program} ${program}
fi
`
}

function values ({ path, options }: Node): string[] {
  return options.filter(({ takesValue }) => takesValue).map(({ spellings, choices }) => {
    const pattern = spellings.map(spelling => quote(`${path} ${spelling}`)).join('|')
    return `    (${pattern}) ${
      choices.length === 0 ? '_files' : `compadd -- ${choices.map(quote).join(' ')}`
    }; return ;;`
  })
}

function wordsOf ({ commands, choices }: Node): string[] {
  return [
    ...commands.map(({ name, description }) => entry(name, description)),
    ...choices.map(choice => entry(choice, ''))
  ]
}

function optionsOf ({ options }: Node): string[] {
  return options.flatMap(({ spellings, description }) => spellings.map(spelling => entry(spelling, description)))
}

/** What `_describe` takes: the word, a colon, what it means. */
function entry (word: string, description: string): string {
  const escaped = word.replaceAll(':', '\\:')
  return description === '' ? escaped : `${escaped}:${description}`
}

function quote (text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
