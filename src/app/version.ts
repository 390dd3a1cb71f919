import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the program is: the directory with package.json and migrations/. */
export const ROOT = join(import.meta.dirname, '../..')
export const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly version: string
}
