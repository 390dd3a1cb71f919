import { userInfo } from 'node:os'

/** Whoever runs this, as the machine knows them. */
export function userOfTheMachine (): string {
  try {
    return userInfo().username
  } catch {
    // In a container the user may be a bare number that no file has a name for.
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
