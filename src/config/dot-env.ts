import { parseEnv } from 'node:util'

export interface DotEnv {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Numbers of the lines that are neither an assignment nor a comment. */
  readonly ignored: readonly number[]
}

/** Of a line that sets a variable, with a value in quotes that may go over several lines. */
const ASSIGNMENT = /^[ \t]*[^\s=#][^=\n#]*=[ \t]*(?:"[^"]*"|'[^']*'|`[^`]*`)?.*$/gm

/**
 * What the bytes of a file `.env` say, in the form of Node's `util.parseEnv`: UTF-8 with or without a byte order mark,
 * line ends of any system, `export` before a name, quotes around a value, `#` comments. Throws a TypeError for UTF-16.
 */
export function parseDotEnv (bytes: Buffer): DotEnv {
  if (bytes.includes(0)) throw new TypeError('the file is not UTF-8 text')
  // The decoder takes the byte order mark away.
  const text = new TextDecoder().decode(bytes).replaceAll(/\r\n?/g, '\n')
  const rest = text.replaceAll(ASSIGNMENT, assignment => assignment.replaceAll(/[^\n]/g, ''))
  const ignored = rest.split('\n').flatMap((line, index) => /^\s*(?:#|$)/.test(line) ? [] : [index + 1])
  return { variables: parseEnv(text), ignored }
}
