import { MAIN } from '../../core/ports/part.ts'

/** The name that a part of a member has in the backup of its set. */
export type PartNames = (part: string) => string

/** A segment of the name of a part has no dots, and at most so many characters. */
const LONGEST = 60

/**
 * For each member in turn: `payloads/files`; the main part of the first one is the main part of the set. Members whose
 * names differ in nothing else get a number.
 */
export function partNames (members: readonly string[]): readonly [PartNames, ...PartNames[]] {
  const taken = new Set<string>()
  const [first = '', ...others] = members.map(member => {
    const base = member.replaceAll(/[^a-z0-9_-]/gi, '_').slice(0, LONGEST)
    let prefix = base
    for (let number = 2; taken.has(prefix.toLowerCase()); number++) prefix = `${base}-${number}`
    taken.add(prefix.toLowerCase())
    return prefix
  })
  return [
    part => part === MAIN ? MAIN : `${first}/${part}`,
    ...others.map(prefix => (part: string) => `${prefix}/${part}`)
  ]
}
