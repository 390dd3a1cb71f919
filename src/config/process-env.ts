import type { Environment } from './read-environment.ts'

/** The one door through which the environment of this process comes in. */
export function processEnvironment (): Environment {
  return process.env
}
