import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The path of every regular file below the directory. */
export function filesBelow (directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).map(name => join(directory, name)).filter(path =>
    statSync(path).isFile()
  )
}
