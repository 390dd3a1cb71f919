/** A fenced block of a Markdown page that a shell runs. */
export interface ShellBlock {
  /** `README.md:36`. */
  readonly place: string
  readonly commands: string
  /** `run`: to its end; `background`: until the walk ends; `not run`: the reason is in `note`. */
  readonly how: 'run' | 'background' | 'not run'
  /** What is typed on a terminal while it runs; null: there is no terminal. */
  readonly answers: string | null
  /** Why it is not run; empty otherwise. */
  readonly note: string
}

const FENCE = /^([ ]*)```(\S*)\s*$/
const MARKER = /^\s*<!-- walk: (.*) -->\s*$/
const SHELLS = ['sh', 'bash', 'shell', 'console', '']

/**
 * The blocks of a page for a shell, in order. A comment before a block changes how it is run: `walk: not run: REASON`,
 * `walk: in the background`, `walk: answers TEXT`. Throws for any other, and for one that stands before no block.
 */
export function shellBlocks (page: string, name: string): readonly ShellBlock[] {
  const blocks: ShellBlock[] = []
  let marker: string | undefined
  let open: { readonly indent: number, readonly language: string, readonly line: number, lines: string[] } | undefined
  for (const [index, line] of page.split('\n').entries()) {
    const place = `${name}:${index + 1}`
    const fence = FENCE.exec(line)
    if (open !== undefined) {
      if (fence === null) open.lines.push(line.slice(open.indent))
      else {
        if (SHELLS.includes(open.language)) {
          blocks.push({ place: `${name}:${open.line}`, commands: open.lines.join('\n'), ...wayOf(marker, place) })
        }
        ;[open, marker] = [undefined, undefined]
      }
    } else if (fence !== null) {
      const [, indent = '', language = ''] = fence
      if (marker !== undefined && !SHELLS.includes(language)) throw new Error(`${place}: the marker has no block`)
      open = { indent: indent.length, language, line: index + 1, lines: [] }
    } else if (marker !== undefined && line.trim() !== '') {
      throw new Error(`${place}: the marker has no block`)
    } else {
      marker = MARKER.exec(line)?.[1] ?? marker
    }
  }
  return blocks
}

function wayOf (marker: string | undefined, place: string): Pick<ShellBlock, 'how' | 'answers' | 'note'> {
  if (marker === undefined) return { how: 'run', answers: null, note: '' }
  if (marker === 'in the background') return { how: 'background', answers: null, note: '' }
  const [, answers] = /^answers (.+)$/.exec(marker) ?? []
  if (answers !== undefined) return { how: 'run', answers, note: '' }
  const [, note] = /^not run: (.+)$/.exec(marker) ?? []
  if (note !== undefined) return { how: 'not run', answers: null, note }
  throw new Error(`${place}: the walk does not know "${marker}"`)
}
