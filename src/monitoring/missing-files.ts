import { stat } from 'node:fs/promises'
import { systemCode } from '../core/errors.ts'

interface NamedFile {
  readonly name: string
  readonly path: string
}

/**
 * The names of those whose file is not there. A file that cannot be asked for is not missing. One look at a time: a
 * mount that hangs takes one thread of the process's pool, however many files are on it. Never rejects.
 */
export async function missingFiles (files: readonly NamedFile[]): Promise<ReadonlySet<string>> {
  const missing = new Set<string>()
  for (const { name, path } of files) {
    const code = await stat(path).then(() => undefined, systemCode)
    if (code === 'ENOENT' || code === 'ENOTDIR') missing.add(name)
  }
  return missing
}
