/** Bytes of an identifier (PostgreSQL documentation, "Identifiers and Key Words"): NAMEDATALEN - 1. */
export const MOST_BYTES = 63
/** The end of the name of a database that is being restored, or that is removed after the undo of a restore. */
const UNFINISHED = '_new'

/** An identifier in double quotes. */
export function quoteIdent (name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A string constant, whatever `standard_conforming_strings` is. */
export function quoteLiteral (text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}

/**
 * The name under which the database before a restore is kept: `books_before_1a2b3c4d`. A long name is cut, so that
 * `unfinishedName` of the result is also a valid name. `suffix`: unique, at most 8 characters.
 */
export function keptName (name: string, suffix: string): string {
  const end = `_before_${suffix}`
  return cutTo(name, MOST_BYTES - end.length - UNFINISHED.length) + end
}

/** The name of the database that is not finished, from the name under which the old one is kept. */
export function unfinishedName (kept: string): string {
  return kept + UNFINISHED
}

/** The longest beginning of a text with at most so many bytes of UTF-8, without half a character. */
function cutTo (text: string, bytes: number): string {
  let cut = ''
  let size = 0
  for (const character of text) {
    size += Buffer.byteLength(character)
    if (size > bytes) break
    cut += character
  }
  return cut
}

/** The parts of a name such as `public."Order"`, without quotes. */
export function nameParts (quoted: string): readonly string[] {
  const parts = quoted.match(/"(?:[^"]|"")*"|[^".]+/g) ?? []
  return parts.map(part => part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part)
}

/** The parts of a name as JSON: two names are the same, however they are quoted, if the results are equal. */
export function sameName (quoted: string): string {
  return JSON.stringify(nameParts(quoted))
}
