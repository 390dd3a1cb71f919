import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { createFromBuffer, type Formatter } from '@dprint/formatter'

/**
 * Formats the code as dprint.json has it; a dprint in an editor reads the same file. Usage:
 * `format.ts [--check] [FILE…]`, without a FILE all that dprint.json includes. Prints the path of each file that was
 * not formatted. `--check` writes nothing, and exits with 1 if there is such a file. What cannot be parsed is an error
 * and stays as it is.
 */
const root = join(import.meta.dirname, '..')
const { includes, plugins: [plugin], typescript, ...global } = JSON.parse(
  readFileSync(join(root, 'dprint.json'), 'utf8')
) as Configuration
const { values: { check }, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false } },
  allowPositionals: true
})

interface Configuration {
  readonly lineWidth: number
  readonly indentWidth: number
  readonly newLineKind: 'lf'
  readonly includes: readonly string[]
  readonly plugins: readonly [string]
  readonly typescript: Readonly<Record<string, string | boolean>>
}

const formatter = makeFormatter()
const all = (): readonly string[] => globSync(includes, { cwd: root }).toSorted().map(file => join(root, file))
for (const file of positionals.length > 0 ? positionals : all()) {
  const text = readFileSync(file, 'utf8')
  const formatted = format(file, text)
  if (formatted === text) continue
  console.log(relative(process.cwd(), file))
  if (check) process.exitCode = 1
  else writeFileSync(file, formatted)
}

/** Some lines take dprint more than one pass; what is returned stays as it is. */
function format (filePath: string, fileText: string): string {
  for (let text = fileText, pass = 0; pass < 5; pass++) {
    const formatted = formatter.formatText({ filePath, fileText: text })
    if (formatted === text) return text
    text = formatted
  }
  throw new Error(`${filePath}: each pass of the formatter changes what the one before has made`)
}

/** Throws where dprint.json has what the plug-in does not know. */
function makeFormatter (): Formatter {
  const made = createFromBuffer(readFileSync(join(root, plugin)))
  made.setConfig(global, typescript)
  const [wrong] = made.getConfigDiagnostics()
  if (wrong !== undefined) throw new Error(`dprint.json: ${wrong.propertyName}: ${wrong.message}`)
  return made
}
