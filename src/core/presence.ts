/** The number of the process, and something that tells it from a later one with the same number: `4711-0a1b2c3d`. */
const ID = /^\d+-[0-9a-f]{8}$/

export function isPresenceId (text: string): boolean {
  return ID.test(text)
}

/** This process among all that work on the same data directory: the service, and commands beside it. */
export interface Presence {
  /** Made anew for each process; part of the names of its unfinished files. */
  readonly id: string
  /** Whether the process of that id lives. One that hangs lives, too: nothing of its work may be taken over. */
  isAlive(id: string): boolean
}
