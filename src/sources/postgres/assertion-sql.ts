/**
 * What is no code in SQL of PostgreSQL: texts, texts with escapes, quoted names, comments, texts between `$$` or
 * `$tag$` (PostgreSQL documentation, "Lexical Structure"). What is not closed goes to the end.
 */
const QUOTED =
  /\b[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|(?<![\w$])(\$(?:[A-Za-z_\u0080-\uFFFF][\w\u0080-\uFFFF]*)?\$)[\s\S]*?(?:\1|$)/g
/** `:at`, but neither a cast (`::date`) nor a slice of an array (`a[1:n]`). */
const AT = /(?<![:\w\])]):at\b/g
const PARAMETER = /(?<![:\w\])[]):[A-Za-z_]\w*|(?<![\w$])\$\d+/g
/** A query that begins with WITH may end in a statement that writes, or have one in it. */
const WRITES = /\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO)\b/i
const LOCKS = /\bFOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE|KEY\s+SHARE)\b/i

/**
 * Why the SQL of an assertion is refused, as far as its text alone shows; undefined: it is not. Completes
 * `the query …`. Whether its tables exist only the database knows.
 */
export function assertionProblem (sql: string): string | undefined {
  const code = sql.replaceAll(QUOTED, text => text.startsWith('-') || text.startsWith('/') ? ' ' : ' x ')
  const statements = code.split(';').filter(part => part.trim() !== '')
  const [statement] = statements
  if (statement === undefined) return 'is empty'
  if (statements.length > 1) return 'has more than one statement'
  if (!/^[\s(]*(?:SELECT|WITH|VALUES|TABLE)\b/i.test(statement)) {
    return 'does not begin with SELECT, WITH, VALUES or TABLE'
  }
  if (LOCKS.test(statement) || (/^\s*WITH\b/i.test(statement) && WRITES.test(statement))) return 'writes'
  const unknown = [...statement.matchAll(PARAMETER)].map(([name]) => name).find(name => name !== ':at')
  return unknown === undefined ? undefined : `has the parameter "${unknown}"; the only parameter is ":at"`
}

/** The statement as the server gets it, without its semicolon: `:at` is the parameter `$1`, a time with time zone. */
export function serverSql (sql: string): { readonly sql: string, readonly hasAt: boolean } {
  let hasAt = false
  let end = 0
  const code = (text: string): string =>
    text.replaceAll(AT, () => {
      hasAt = true
      return '($1::timestamptz)'
    }).replaceAll(';', ' ')
  const pieces: string[] = []
  for (const quoted of sql.matchAll(QUOTED)) {
    pieces.push(code(sql.slice(end, quoted.index)), quoted[0])
    end = quoted.index + quoted[0].length
  }
  // A comment at the end must not hide what follows.
  return { sql: `${[...pieces, code(sql.slice(end))].join('')}\n`, hasAt }
}
