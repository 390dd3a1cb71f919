interface Word {
  readonly pattern: RegExp
  /** What to write instead. */
  readonly instead: string
}

export interface Finding {
  /** From 1. */
  readonly line: number
  readonly word: string
  readonly instead: string
}

/** Words that do not belong in the prose of this project. CONTRIBUTING.md has the rule, docs/glossary.md the terms. */
export const WORDS: readonly Word[] = [
  { pattern: /\bbeside\b/gi, instead: 'next to; in addition to; while … runs' },
  { pattern: /\banew\b/gi, instead: 'again' },
  { pattern: /\bof ours\b/gi, instead: 'a name: of this installation, of Holdfast' },
  { pattern: /\bby (?:itself|themselves)\b/gi, instead: 'automatically; on its own' },
  { pattern: /\b(?:made|make|makes|making) up for\b/gi, instead: 'caught up; retried' },
  { pattern: /\b(?:held|hold|holds|holding) (?:\S+ ){0,3}?against\b/gi, instead: 'compared with; checked against' },
  { pattern: /\bleavings\b/gi, instead: 'leftovers' },
  { pattern: /\bwant of\b/gi, instead: 'lack of; without' },
  { pattern: /\b(?:is|are) to be\b/gi, instead: 'must; will be' },
  { pattern: /\bat hand\b/gi, instead: 'available' },
  { pattern: /\bin words\b/gi, instead: 'as text' },
  { pattern: /\b(?:says?|said|tells|told)\b/gi, instead: 'contains; reports; returns; is set' },
  { pattern: /\bstands\b/gi, instead: 'is; exists' },
  { pattern: /\b(?:whoever|nobody|somebody|anybody)\b/gi, instead: 'the caller; another process; no user; a name' },
  { pattern: /\bwhat(?:ever)? speaks\b/gi, instead: 'compatible with' }
]

/**
 * The words of the list in a text, in the order of their lines. In Markdown, code blocks and inline code are left out;
 * the ending of `path` decides whether the text is Markdown.
 */
export function findWords (path: string, text: string): readonly Finding[] {
  const prose = path.endsWith('.md') ? withoutCode(text) : text
  return prose.split('\n').flatMap((line, index) =>
    WORDS.flatMap(({ pattern, instead }) =>
      [...line.matchAll(pattern)].map(([word]) => ({ line: index + 1, word, instead }))
    )
  )
}

/** Code becomes spaces, so that the lines keep their numbers. */
function withoutCode (text: string): string {
  const blank = (code: string): string => code.replace(/[^\n]/g, ' ')
  return text.replace(/^```[^]*?^```$/gm, blank).replace(/`[^`\n]*`/g, blank)
}
