import type { SourceKind } from '../core/ports/source-kind.ts'
import { sourceKindOf } from '../sources/index.ts'
import type { SourceConfig } from './config.ts'
import { nearest } from '../core/nearest.ts'
import type { Problem } from './problem.ts'
import type { SourceEntry } from './source-entry.ts'

/**
 * The sources, and the sets with what is needed to read their members. A member that does not say itself when it is
 * backed up is backed up as part of its set alone. Reports members that are not there, and a set in a set.
 */
export function resolveSets (
  sources: readonly SourceEntry[],
  sets: readonly SourceEntry[],
  problems: Problem[]
): readonly SourceEntry[] {
  const byName = new Map(sources.map(entry => [entry.source.name, entry]))
  const covering = new Map<string, string>()
  const resolved = sets.flatMap((set): SourceEntry[] => {
    const names = membersOf(set.source)
    const members = names.map(name => byName.get(name))
    for (const [index, name] of names.entries()) {
      if (members[index] === undefined) problems.push(unknownMember(set, name, sources, sets))
      else if (!covering.has(name)) covering.set(name, set.source.name)
    }
    const found = members.filter(member => member !== undefined)
    return found.length < names.length ? [] : [withMembers(set, found.map(({ source }) => source), problems)]
  })
  return [...sources.map(entry => covered(entry, covering.get(entry.source.name))), ...resolved]
}

function membersOf (source: SourceConfig): readonly string[] {
  return sourceKindOf(source).membersOf?.(source.values) ?? []
}

function unknownMember (
  { configPathOf }: SourceEntry,
  name: string,
  sources: readonly SourceEntry[],
  sets: readonly SourceEntry[]
): Problem {
  const names = sources.map(({ source }) => source.name)
  const isSet = sets.some(({ source }) => source.name === name)
  return {
    name: configPathOf('members'),
    problem: isSet ? `"${name}" is a set, which cannot be a member` : `there is no source "${name}"`,
    remedy: isSet
      ? 'Name the members of that set instead.'
      : names.length === 0
      ? 'Configure the members under "sources" first.'
      : `Did you mean "${nearest(name, names) ?? names[0] ?? ''}"?`
  }
}

/**
 * Its assertions are those of its members, with the name of the member in front. The verification checks references, so
 * each backup of a set that has some is verified, whatever holds for other sources.
 */
function withMembers (set: SourceEntry, members: readonly SourceConfig[], problems: Problem[]): SourceEntry {
  const { order, references } = set.source.values as {
    readonly order?: readonly string[]
    readonly references?: readonly GivenReference[]
  }
  const inOrder = order === undefined
    ? members
    : members.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  const isVerified = references !== undefined
  if (isVerified && set.source.policy.verify === false) {
    problems.push({
      name: set.configPathOf('verify'),
      problem: 'is false, and the set has references, which the verification checks',
      remedy: 'Remove it, or remove "references".'
    })
  }
  return {
    ...set,
    source: {
      ...set.source,
      ...isVerified && { policy: { ...set.source.policy, verify: true } },
      values: {
        members: inOrder.map(({ name, kind, values }) => ({ name, kind, values })),
        isOrdered: order !== undefined,
        references: (references ?? []).flatMap(given => completed(set, given, members, problems) ?? [])
      },
      assertions: members.flatMap(({ name, assertions }) =>
        assertions.map(assertion => ({ ...assertion, name: `${name}/${assertion.name}` }))
      )
    }
  }
}

interface GivenReference {
  readonly source?: string | undefined
  readonly sql: string
  readonly directory: string
}

/** With the only member that has queries, where it names none. */
function completed (
  { configPathOf }: SourceEntry,
  given: GivenReference,
  members: readonly SourceConfig[],
  problems: Problem[]
): Required<GivenReference> | undefined {
  const name = configPathOf('references')
  const kindOf = (wanted: string): SourceKind | undefined => {
    const found = members.find(member => member.name === wanted)
    return found && sourceKindOf(found)
  }
  const queried = members.filter(member => sourceKindOf(member).assertionProblem !== null)
  const source = given.source ?? (queried.length === 1 ? queried[0]?.name : undefined)
  const ask = source === undefined ? null : kindOf(source)?.assertionProblem ?? null
  if (source === undefined || ask === null) {
    problems.push({
      name,
      problem: source === undefined ? 'does not say which member the query is for' : `"${source}" has no queries`,
      remedy: queried.length === 0
        ? 'Remove it: no member of the set is a database.'
        : `Set "source" to a database: ${queried.map(member => member.name).join(', ')}.`
    })
    return undefined
  }
  if (kindOf(given.directory)?.assertionProblem !== null) {
    problems.push({
      name,
      problem: `"${given.directory}" is not a directory`,
      remedy: 'Set "directory" to the member that has the files.'
    })
    return undefined
  }
  const wrong = ask(given.sql, [])
  if (wrong !== undefined) {
    problems.push({ name, problem: `the query ${wrong}`, remedy: 'Write one SELECT that gives the paths of files.' })
    return undefined
  }
  return { source, sql: given.sql, directory: given.directory }
}

function covered (entry: SourceEntry, set: string | undefined): SourceEntry {
  if (set === undefined || entry.isScheduled) return entry
  const { source } = entry
  return { ...entry, source: { ...source, policy: { ...source.policy, enabled: false, coveredBy: set } } }
}
