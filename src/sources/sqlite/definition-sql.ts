/**
 * The words that a definition of each type begins with: https://sqlite.org/schematab.html, "Interpretation Of The
 * Schema Table".
 */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  table: ['create table'],
  index: ['create index', 'create unique index'],
  view: ['create view'],
  trigger: ['create trigger'],
  'virtual table': ['create virtual table']
}
/** What follows the name. A table has a list of columns: SQLite itself stores no query with it. */
const AFTER_NAME: Readonly<Record<string, string>> = { table: '(', index: 'on', 'virtual table': 'using' }
/** Characters. No tool writes a longer one, and reading it would take long. */
const LONGEST = 1_000_000

/** https://sqlite.org/draft/tokenreq.html. A comment without an end reaches to the end of the text. */
const SPACE = /[ \t\n\f\r]+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/y
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const QUOTED = /"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]/y

export type DefinitionType = 'table' | 'index' | 'view' | 'trigger' | 'virtual table'

interface Token {
  /** In lower case, unless it is quoted. */
  readonly text: string
  readonly isQuoted: boolean
}

/**
 * Whether `sql`, which is data from a file, is a definition as SQLite stores it: one that begins as its type does, of
 * an object of that name in the database itself. What follows is left to SQLite, which takes one statement and refuses
 * what does not fit behind such a beginning: none of these statements runs a query, writes to another table or opens a
 * file.
 */
export function isDefinition (type: string, name: string, sql: string): type is DefinitionType {
  const beginnings = Object.hasOwn(BEGINNINGS, type) ? BEGINNINGS[type] : undefined
  if (beginnings === undefined || sql.length > LONGEST) return false
  const tokens = firstTokens(sql, 5)
  return beginnings.some(beginning => {
    const words = beginning.split(' ')
    if (!words.every((word, at) => tokens[at]?.isQuoted === false && tokens[at].text === word)) return false
    const [found, next] = tokens.slice(words.length)
    if (found?.text.toLowerCase() !== name.toLowerCase()) return false
    return next?.isQuoted !== true && next?.text !== '.' &&
      (AFTER_NAME[type] === undefined || next?.text === AFTER_NAME[type])
  })
}

function firstTokens (sql: string, count: number): Token[] {
  const tokens: Token[] = []
  for (let at = 0; tokens.length < count && at < sql.length;) {
    const space = match(SPACE, sql, at)
    if (space !== undefined) {
      at += space.length
      continue
    }
    const quoted = match(QUOTED, sql, at)
    const text = quoted ?? match(WORD, sql, at) ?? sql[at] ?? ''
    tokens.push(
      quoted === undefined ? { text: text.toLowerCase(), isQuoted: false } : { text: unquoted(quoted), isQuoted: true }
    )
    at += text.length
  }
  return tokens
}

function match (pattern: RegExp, sql: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(sql)?.[0]
}

function unquoted (quoted: string): string {
  const [quote = ''] = quoted
  const inner = quoted.slice(1, -1)
  return quote === '[' ? inner : inner.replaceAll(quote + quote, quote)
}
