import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'

const directory = getCompileCacheDir()

/** Lets a child with an environment of its own use the compile cache of this run: it starts in a third of the time. */
export const COMPILE_CACHE: Readonly<Record<string, string>> = directory === undefined
  ? {}
  : { NODE_COMPILE_CACHE: dirname(directory) }
