import ignore from 'ignore'

/** The library remembers each path that it was asked about: after so many a new instance takes its place. */
const REMEMBERED = 10_000

/** Whether a path below the source is left out. Directories must be asked about before their content. */
export type IsExcluded = (path: Buffer, isDirectory: boolean) => boolean

/**
 * Takes patterns as a `.gitignore` at the top of the source has them, one a line; the letter case matters. Bytes of a
 * path that are no UTF-8 count as U+FFFD. https://git-scm.com/docs/gitignore
 */
export function excluder (patterns: string): IsExcluded {
  if (patterns.trim() === '') return () => false
  const make = (): ignore.Ignore => ignore.default({ ignorecase: false }).add(patterns)
  let rules = make()
  let asked = 0
  return (path, isDirectory) => {
    if (asked++ >= REMEMBERED) {
      rules = make()
      asked = 0
    }
    const text = path.toString('utf8')
    return rules.ignores(isDirectory ? `${text}/` : text)
  }
}
