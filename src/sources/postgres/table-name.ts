/** An identifier of SQL, at the beginning of a text. */
const IDENTIFIER = /^(?:"((?:[^"]|"")*)"|([^\s".(]+))/

/**
 * Schema and name of a table, joined by a character that neither can have, from the beginning of `text`, where each is
 * quoted or not: client and server may quote different key words. undefined: there is no such name.
 */
export function tableKey (text: string): string | undefined {
  const schema = IDENTIFIER.exec(text)
  if (schema === null || text[schema[0].length] !== '.') return undefined
  const table = IDENTIFIER.exec(text.slice(schema[0].length + 1))
  return table === null ? undefined : `${plain(schema)}\0${plain(table)}`
}

function plain ([, quoted, bare = '']: RegExpExecArray): string {
  return quoted?.replaceAll('""', '"') ?? bare
}
