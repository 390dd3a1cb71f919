import { contains } from '../../files/contains.ts'
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

/** A path with its name for messages: `the scratch directory`. */
interface OwnedPath {
  readonly path: string
  readonly what: string
}

/** A path without links, and where it is on its file system: a directory may be mounted at two places. */
interface Place {
  readonly real: string
  readonly located: string
}

/**
 * Whose place `path` is, also by another name of it: through links and mounts of directories, as a file that is stored
 * next to a source, or as a source that would lose the files next to it. What is in a directory of the service or in a
 * source is owned, and so is a directory that contains one. A source may be inside a directory of the service, if its
 * path is written as one in it: one that a link leads there now is the service's and not the source's.
 */
export async function pathOwner (path: string, owned: OwnedPaths): Promise<PathOwner | undefined> {
  const { locate, placeOf } = placesNow()
  const placed = async <T extends { readonly path: string }>(list: readonly T[]) =>
    await Promise.all(list.map(async one => ({ ...one, place: await placeOf(one.path) })))
  const at = await placeOf(path)
  const names = namesOf(at.located, owned.suffixes)
  const [databases, own, sources] = [
    await placed(owned.databases),
    await placed(owned.own),
    await placed(owned.sources.map(({ location, ...rest }) => ({ ...rest, path: location })))
  ]

  const database = databases.find(({ place }) => names.includes(place.located))
  if (database !== undefined) return { source: null, what: database.what, isItself: true }
  const touched = sources.filter(({ place }) => names.includes(place.located) || isIn(place, at))
  for (const { path, place, what } of own) {
    const isWrittenThere = touched.some(source =>
      contains(path, source.path) || contains(place.located, locate(source.path))
    )
    const isItself = names.includes(place.located)
    if (!isWrittenThere && (isItself || isIn(place, at) || names.some(name => contains(place.located, name)))) {
      return { source: null, what: isItself ? what : `in ${what}`, isItself }
    }
  }
  const itself = touched.find(({ place }) => names.includes(place.located))
  if (itself !== undefined) return { source: itself.name, what: named(itself), isItself: true }
  const [around] = touched
  if (around !== undefined) return { source: around.name, what: `in ${named(around)}`, isItself: false }
  const contained = [...databases, ...own].find(({ place }) => isIn(at, place))
  if (contained !== undefined) return { source: null, what: containing(contained.what), isItself: false }
  const source = sources.find(({ place }) => isIn(at, place))
  return source && { source: source.name, what: containing(named(source)), isItself: false }
}

/**
 * The source whose place is in the directory at `path`, also by another name of it; undefined: there is none. A source
 * at the path itself is none.
 */
export async function sourceInside<T extends { readonly location: string }> (
  path: string,
  sources: readonly T[]
): Promise<T | undefined> {
  const { placeOf } = placesNow()
  const outer = await placeOf(path)
  for (const source of sources) {
    const inner = await placeOf(source.location)
    if (isIn(outer, inner) && inner.located !== outer.located) return source
  }
  return undefined
}

/** The path, the source that it would stand next to, and what would stand next to it as a source. */
function namesOf (path: string, suffixes: readonly string[]): readonly string[] {
  return [
    path,
    ...suffixes.flatMap(suffix => path.endsWith(suffix) ? [path.slice(0, -suffix.length)] : []),
    ...suffixes.map(suffix => path + suffix)
  ]
}

function named ({ name, noun }: { readonly name: string, readonly noun: string }): string {
  return `the ${noun} of the source "${name}"`
}

function containing (what: string): string {
  return `a directory that contains ${what}`
}

/** Finds places with the mounts of this moment. */
function placesNow (): { readonly locate: Locate, readonly placeOf: (path: string) => Promise<Place> } {
  const locate = locateBy(readMounts())
  return {
    locate,
    placeOf: async path => {
      const real = await realPath(path)
      return { real, located: locate(real) }
    }
  }
}

/** Whether `inner` is `outer`, or in it: by its path, also across mounts, or by its place on the file system. */
function isIn (outer: Place, inner: Place): boolean {
  return contains(outer.real, inner.real) || contains(outer.located, inner.located)
}
