export { printable } from '../core/printable.ts'

/** Two columns wide on a terminal: East Asian scripts and emoji. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u
/** Each character of such a text is a grapheme of one column. */
const PLAIN = /^[\x20-\x7e]*$/
let segmenter: Intl.Segmenter | undefined

/** How many columns of a terminal the text takes. It has no colours in it. */
export function widthOf (text: string): number {
  return PLAIN.test(text) ? text.length : graphemes(text).reduce((sum, one) => sum + one.width, 0)
}

/** At most `width` columns: what is too much goes from the middle, where names differ least. */
export function cutMiddle (text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const all = graphemes(text)
  const end = fitting(all.toReversed(), Math.floor((width - 1) / 2)).toReversed()
  const start = fitting(all, width - 1 - end.reduce((sum, one) => sum + one.width, 0))
  return `${start.map(({ text }) => text).join('')}…${end.map(({ text }) => text).join('')}`
}

/** The same for sentences, which are read from their beginning. */
export function cutEnd (text: string, width: number): string {
  if (widthOf(text) <= width) return text
  return `${fitting(graphemes(text), width - 1).map(({ text }) => text).join('').trimEnd()}…`
}

interface Grapheme {
  readonly text: string
  readonly width: number
}

function graphemes (text: string): Grapheme[] {
  if (PLAIN.test(text)) return Array.from(text, one => ({ text: one, width: 1 }))
  // Made when it is needed: it takes a hundredth of a second.
  segmenter ??= new Intl.Segmenter()
  return [...segmenter.segment(text)].map(({ segment }) => ({ text: segment, width: WIDE.test(segment) ? 2 : 1 }))
}

function fitting (all: readonly Grapheme[], width: number): Grapheme[] {
  let used = 0
  const end = all.findIndex(one => (used += one.width) > width)
  return end === -1 ? [...all] : all.slice(0, end)
}

/**
 * Broken between words so that no line is wider than `width`; every line but the first begins with `indent` spaces. A
 * word that is too long stays whole: it may be a path that somebody copies.
 */
export function wrap (text: string, width: number, indent: number): string {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(last === undefined ? word : ' '.repeat(indent) + word)
  }
  return lines.join('\n')
}
