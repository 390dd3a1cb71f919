/** What is no code in SQL: texts, quoted names and comments. What is not closed goes to the end. */
const QUOTED =
  /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g
const PARAMETER = /[:@$][A-Za-z_][A-Za-z0-9_]*|\?\d*/g
/** A query that begins with WITH may end in a statement that writes. `REPLACE (` is a function. */
const WRITES = /\b(?:INSERT|UPDATE|DELETE|REPLACE(?!\s*\())\b/i

/**
 * What speaks against the SQL of an assertion, as far as its text alone tells; undefined: nothing. Completes
 * `the query …`. Whether its tables are there only the database knows. `parameters`: those that it may have.
 */
export function assertionProblem (sql: string, parameters: readonly string[] = [':at']): string | undefined {
  const code = sql.replaceAll(QUOTED, text => text.startsWith('-') || text.startsWith('/') ? ' ' : ' x ')
  const statements = code.split(';').filter(part => part.trim() !== '')
  const [statement] = statements
  if (statement === undefined) return 'is empty'
  if (statements.length > 1) return 'has more than one statement'
  if (!/^\s*(?:SELECT|WITH|VALUES)\b/i.test(statement)) return 'does not begin with SELECT, WITH or VALUES'
  if (/^\s*WITH\b/i.test(statement) && WRITES.test(statement)) return 'writes'
  const unknown = [...statement.matchAll(PARAMETER)].map(([name]) => name).find(name => !parameters.includes(name))
  if (unknown === undefined) return undefined
  const allowed = parameters.map(name => `"${name}"`).join(', ')
  return `has the parameter "${unknown}"; ${
    parameters.length === 0 ? 'it cannot have parameters' : `the only parameter is ${allowed}`
  }`
}
