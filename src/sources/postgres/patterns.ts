/** Which tables a pattern such as `public.sessions`, `audit.raw*` or `"Odd".*` means. */
export interface TablePattern {
  readonly schema: RegExp
  readonly table: RegExp
}

/**
 * The parts of a name as SQL writes them, separated by dots: without quotes in lower case, with `*` for any characters
 * and `?` for one; in double quotes as they are, a quote in them twice. undefined: the text is no such name.
 */
function partsOf (text: string): readonly RegExp[] | undefined {
  const part = /^(?:"((?:[^"]|"")+)"|([^".]+))(?:\.|$)/
  const parts: RegExp[] = []
  let rest = text
  while (rest !== '') {
    const found = part.exec(rest)
    if (found === null) return undefined
    const [written, quoted, plain = ''] = found
    parts.push(
      quoted === undefined
        ? whole(plain.toLowerCase(), { '*': '.*', '?': '.' })
        : whole(quoted.replaceAll('""', '"'), {})
    )
    rest = rest.slice(written.length)
    if (rest === '' && written.endsWith('.')) return undefined
  }
  return parts
}

function whole (text: string, wildcards: Readonly<Record<string, string>>): RegExp {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, character => wildcards[character] ?? `\\${character}`)
  return new RegExp(`^${escaped}$`, 's')
}

/** Of schemas; undefined: the text is no pattern of one name. */
export function schemaPattern (text: string): RegExp | undefined {
  const parts = partsOf(text)
  return parts?.length === 1 ? parts[0] : undefined
}

/** Of tables; undefined: the text is not a schema and a table with a dot in between. */
export function tablePattern (text: string): TablePattern | undefined {
  const [schema, table, ...more] = partsOf(text) ?? []
  return schema === undefined || table === undefined || more.length > 0 ? undefined : { schema, table }
}
