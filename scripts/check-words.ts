import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { findWords } from '../lint/words.ts'

/**
 * Fails if prose has a word that lint/words.ts does not allow. The words that were there before the rule are counted in
 * lint/words-baseline.json, for each page and each folder of code, and these numbers may only shrink. Usage:
 * `check-words.ts [--write] [--root DIR]`. Prints the words of each page or folder that has more of them than its
 * number, and exits with 1. `--write` lowers the numbers to the present count, and never raises one. `--root` is the
 * project to check. Default: this one.
 */
const { values: { write, root } } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    root: { type: 'string', default: join(import.meta.dirname, '..') }
  }
})
const FILES = ['*.md', 'docs/**/*.md', '.env.example', 'holdfast.example.yaml', 'src/**/*.ts']
/** Past releases are not rewritten. */
const EXCEPTIONS = ['CHANGELOG.md']
const baselinePath = join(root, 'lint/words-baseline.json')
const baseline = JSON.parse(readFileSync(baselinePath, 'utf8')) as Readonly<Record<string, number>>

const found = Map.groupBy(
  globSync(FILES, { cwd: root }).filter(path => !EXCEPTIONS.includes(path)).toSorted().flatMap(path =>
    findWords(path, readFileSync(join(root, path), 'utf8')).map(finding => ({ path, ...finding }))
  ),
  ({ path }) => unitOf(path)
)

for (const [unit, findings] of found) {
  const allowed = baseline[unit] ?? 0
  if (findings.length <= allowed) continue
  process.exitCode = 1
  for (const { path, line, word, instead } of findings) console.log(`${path}:${line}: "${word}" → ${instead}`)
  console.log(
    `${unit} has ${findings.length} of these words, and ${allowed} are allowed: write one of them differently`
  )
}
if (write) {
  const lowered = Object.entries(baseline).map(([unit, allowed]) =>
    [unit, Math.min(allowed, found.get(unit)?.length ?? 0)] as const
  )
  writeFileSync(baselinePath, `${JSON.stringify(Object.fromEntries(lowered.filter(([, n]) => n > 0)), null, 2)}\n`)
}

/** What has one number: a file of prose, or a folder of code. */
function unitOf (path: string): string {
  return path.endsWith('.ts') ? dirname(path) : path
}
