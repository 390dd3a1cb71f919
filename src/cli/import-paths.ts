import { glob, readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { BackupError } from '../core/errors.ts'

/** A file that a user gave, or that is in a directory that a user gave. */
export interface Candidate {
  /** Absolute. */
  readonly path: string
  /** false: it was found in a directory, and need not be one that can be imported. */
  readonly isGiven: boolean
}

/**
 * The files of paths, directories and patterns, each once, in the order of the arguments. Of a directory, the files in
 * it, without those in its directories. Throws `OBJECT_NOT_FOUND` for a pattern that matches nothing and for a
 * directory without files. A path that does not exist is a candidate: the import reports it.
 */
export async function candidatesOf (paths: readonly string[], cwd: string): Promise<readonly Candidate[]> {
  const found = new Map<string, Candidate>()
  for (const given of paths) {
    for (const candidate of await expanded(given, cwd)) {
      const before = found.get(candidate.path)
      if (before === undefined || candidate.isGiven) found.set(candidate.path, candidate)
    }
  }
  return [...found.values()]
}

async function expanded (given: string, cwd: string): Promise<readonly Candidate[]> {
  const path = resolve(cwd, given)
  const stats = await stat(path).catch(() => undefined)
  if (stats?.isDirectory() === true) {
    const names = (await readdir(path, { withFileTypes: true })).filter(entry => !entry.isDirectory()).map(({ name }) =>
      name
    )
    if (names.length === 0) throw nothing(`the directory "${path}" has no files`)
    return names.toSorted().map(name => ({ path: join(path, name), isGiven: false }))
  }
  if (stats !== undefined || !/[*?[{]/.test(given)) return [{ path, isGiven: true }]
  const matches: string[] = []
  for await (const match of glob(given, { cwd })) matches.push(resolve(cwd, match))
  if (matches.length === 0) throw nothing(`no file matches "${given}"`)
  return matches.toSorted().map(match => ({ path: match, isGiven: true }))
}

function nothing (message: string): BackupError {
  return new BackupError('OBJECT_NOT_FOUND', message, { hint: 'Correct the path.' })
}
