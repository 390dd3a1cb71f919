import { locateBy, readMounts, type Locate } from '../../files/mounts.ts'
import { realPath } from '../../files/real-path.ts'
import type { PathOwner } from '../deps.ts'

export interface OwnedPaths {
  /** Databases of our own. */
  readonly databases: readonly OwnedPath[]
  /** Files and directories of our own, with all that is in them. */
  readonly own: readonly OwnedPath[]
  /** `noun`: what a source of its kind is, such as `database`. */
  readonly sources: ReadonlyArray<{ readonly name: string, readonly location: string, readonly noun: string }>
  /** Suffixes of the files that stand next to a database or a source: `-wal`. */
  readonly suffixes: readonly string[]
}

/** A path with its name in words: `in the scratch directory`. */
interface OwnedPath {
  readonly path: string
  readonly what: string
}

/**
 * Whose place `path` is, also by another name of it: through links and mounts of directories, as a file that stands
 * next to a source, or as a source that would lose the files next to it. A source may lie in a directory of ours, if
 * its path is written as one in it: one that is led there by a link, now, is ours and not the source's.
 */
export async function pathOwner (
  path: string,
  { databases, own, sources, suffixes }: OwnedPaths
): Promise<PathOwner | undefined> {
  const locate = locateBy(readMounts())
  const at = await placeOf(path, locate)
  const touched = [
    at,
    ...suffixes.flatMap(suffix => at.endsWith(suffix) ? [at.slice(0, -suffix.length)] : []),
    ...suffixes.map(suffix => at + suffix)
  ]
  for (const { path, what } of databases) {
    if (touched.includes(await placeOf(path, locate))) return { source: null, what }
  }
  const touchedSources: typeof sources[number][] = []
  for (const source of sources) {
    if (touched.includes(await placeOf(source.location, locate))) touchedSources.push(source)
  }
  for (const { path, what } of own) {
    const place = await placeOf(path, locate)
    const isWrittenThere = touchedSources.some(({ location }) =>
      contains(path, location) || contains(place, locate(location))
    )
    if (touched.some(one => contains(place, one)) && !isWrittenThere) return { source: null, what }
  }
  const [source] = touchedSources
  return source && { source: source.name, what: `the ${source.noun} of the source "${source.name}"` }
}

function contains (place: string, path: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}

async function placeOf (path: string, locate: Locate): Promise<string> {
  return locate(await realPath(path))
}
