import { BackupError } from '../../core/errors.ts'

/** Characters of a pattern. */
const LONGEST_PATTERN = 4096
/** Any number of folders. */
const ANY_DEPTH = '**'

type Token =
  | { readonly type: 'character', readonly character: string }
  | { readonly type: 'one' }
  | { readonly type: 'many' }
  | { readonly type: 'set', readonly isNegated: boolean, readonly ranges: ReadonlyArray<readonly [string, string]> }

/** One pattern for paths relative to the source. */
export interface Glob {
  readonly pattern: string
  /** Whether it matches the path, or a directory that the path is in. */
  matches(path: string): boolean
}

/**
 * A pattern as of a shell, for a whole path relative to the source: `*` and `?` match characters other than `/`,
 * `[a-z]` and `[!a-z]` one character, `**` as a name any number of folders; `\` takes its meaning from the character
 * after it. A match takes at most the length of the pattern times the length of the path in steps. Throws
 * `VALIDATION_FAILED`.
 */
export function parseGlob (pattern: string): Glob {
  const names = pattern.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '').split(/\/+/)
  if (pattern.length === 0 || pattern.length > LONGEST_PATTERN || pattern.includes('\0')) {
    throw invalid(pattern, `it must have from 1 to ${LONGEST_PATTERN} characters, and no zero byte`)
  }
  if (names.includes('..')) throw invalid(pattern, 'it contains ".."')
  // The source itself.
  if (names.length === 1 && (names[0] === '' || names[0] === '.')) return { pattern, matches: () => true }
  const parts = names.map(name => name === ANY_DEPTH ? null : tokensOf(pattern, name))
  return { pattern, matches: path => matchesPath(parts, path) }
}

function invalid (pattern: string, problem: string): BackupError {
  return new BackupError('VALIDATION_FAILED', `the pattern "${pattern.slice(0, 200)}" is not valid: ${problem}`, {
    hint: 'Give a pattern relative to the source, such as "payloads/2025/**" or "**/*.yaml".'
  })
}

function tokensOf (pattern: string, name: string): readonly Token[] {
  const characters = Array.from(name)
  const tokens: Token[] = []
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? ''
    if (character === '*') {
      if (tokens.at(-1)?.type !== 'many') tokens.push({ type: 'many' })
    } else if (character === '?') tokens.push({ type: 'one' })
    else if (character === '\\' && i + 1 < characters.length) {
      i++
      tokens.push({ type: 'character', character: characters[i] ?? '' })
    } else if (character === '[') {
      const end = characters.indexOf(']', i + (characters[i + 1] === '!' || characters[i + 1] === '^' ? 3 : 2))
      if (end < 0) throw invalid(pattern, '"[" has no "]"')
      tokens.push(setOf(characters.slice(i + 1, end)))
      i = end
    } else tokens.push({ type: 'character', character })
  }
  return tokens
}

function setOf (content: readonly string[]): Token {
  const isNegated = content[0] === '!' || content[0] === '^'
  const members = isNegated ? content.slice(1) : content
  const ranges: Array<readonly [string, string]> = []
  for (let i = 0; i < members.length; i++) {
    const first = members[i] ?? ''
    const isRange = members[i + 1] === '-' && i + 2 < members.length
    ranges.push([first, isRange ? members[i + 2] ?? first : first])
    if (isRange) i += 2
  }
  return { type: 'set', isNegated, ranges }
}

/** `parts`: null is any number of names. All ways to match are followed at once, name by name. */
function matchesPath (parts: ReadonlyArray<readonly Token[] | null>, path: string): boolean {
  const last = parts.length - 1
  let reached = new Set<number>()
  const reach = (states: Set<number>, at: number): void => {
    states.add(at)
    if (at < last && parts[at] === null) reach(states, at + 1)
  }
  reach(reached, 0)
  for (const name of path.split('/')) {
    const characters = Array.from(name)
    const next = new Set<number>()
    for (const at of reached) {
      const part = parts[at]
      if (part === undefined) continue
      if (part !== null && !matchesName(part, characters)) continue
      if (at === last) return true
      reach(next, part === null ? at : at + 1)
    }
    if (next.size === 0) return false
    reached = next
  }
  return false
}

/** When something does not fit, only the last `*` takes one more character: earlier ones cannot help. */
function matchesName (tokens: readonly Token[], name: readonly string[]): boolean {
  let [token, at] = [0, 0]
  let star: { readonly token: number, at: number } | undefined
  while (at < name.length) {
    const wanted = tokens[token]
    if (wanted?.type === 'many') {
      star = { token, at }
      token++
    } else if (wanted !== undefined && matchesCharacter(wanted, name[at] ?? '')) {
      token++
      at++
    } else if (star === undefined) return false
    else {
      star.at++
      at = star.at
      token = star.token + 1
    }
  }
  while (tokens[token]?.type === 'many') token++
  return token === tokens.length
}

function matchesCharacter (token: Token, character: string): boolean {
  if (token.type === 'character') return token.character === character
  if (token.type !== 'set') return true
  return token.ranges.some(([first, last]) => first <= character && character <= last) !== token.isNegated
}
