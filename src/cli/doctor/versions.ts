import { about, type Finding } from './finding.ts'
import type { Examination } from './context.ts'

const NODE = '24.0.0'
/**
 * Before this one SQLite could corrupt a database whose WAL started over at the wrong moment:
 * https://sqlite.org/wal.html.
 */
const SQLITE = '3.51.3'

/** What the program runs on. */
export const examineVersions: Examination = async ({ versions }) => [
  about('versions').ok(`Holdfast ${versions.holdfast}`),
  atLeast('Node.js', versions.node, NODE, 'Use a newer version of Node.js.'),
  atLeast(
    'SQLite',
    versions.sqlite,
    SQLITE,
    'Install the packages of the release again ("npm ci"): older versions of SQLite can corrupt a database in WAL mode.'
  )
]

function atLeast (what: string, found: string, wanted: string, remedy: string): Finding {
  const { ok, fail } = about('versions')
  return compare(found, wanted) >= 0 ? ok(`${what} ${found}`) : fail(`${what} ${found} is older than ${wanted}`, remedy)
}

function compare (one: string, other: string): number {
  const [a, b] = [one, other].map(version => version.split('.').map(Number))
  for (const index of [0, 1, 2]) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
