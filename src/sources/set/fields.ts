import { z } from 'zod'
import type { Reference } from '../../core/backup/members.ts'
import type { Field, FieldProblem, FieldValues } from '../../core/ports/field.ts'

/** A member as the configuration completes it: a source with what its kind needs to read it. */
export interface MemberValues {
  readonly name: string
  readonly kind: string
  readonly values: object
}

function names (expects: string): Field<readonly string[]> {
  return { kind: 'value', schema: z.array(z.string().min(1)).min(1), fromText: text => text, expects }
}

/** `source` may be left out where the set has only one member whose kind has queries. */
export type GivenReference = Omit<Reference, 'source'> & { readonly source?: string | undefined }

const givenReference = z.strictObject({
  source: z.string().min(1).optional(),
  sql: z.string().min(1),
  directory: z.string().min(1)
})

const references: Field<readonly GivenReference[]> = {
  kind: 'value',
  schema: z.preprocess(
    (value: unknown): unknown => Array.isArray(value) ? value : [value],
    z.array(givenReference).min(1)
  ),
  fromText: text => text,
  expects: 'a map with sql and directory, or a list of such maps'
}

/** The fields that a set has in holdfast.yaml, in addition to those of every source. */
export const SET_FIELDS = {
  members: names('a list of the names of sources'),
  order: names('a list of the names of the members, each once'),
  references
} as const

export type SetValues = FieldValues<typeof SET_FIELDS>

/** The values of a set with its members in the order in which they are read, and with complete references. */
export interface ResolvedSet {
  readonly members: readonly MemberValues[]
  /** Whether `members` has the order of the configuration; otherwise databases are read before directories. */
  readonly isOrdered: boolean
  readonly references: readonly Reference[]
}

/** The names of the members, before and after they are resolved. */
export function memberNames ({ members = [] }: {
  readonly members?: ReadonlyArray<string | MemberValues> | undefined
}): readonly string[] {
  return members.map(member => typeof member === 'string' ? member : member.name)
}

/** What is wrong with the values alone: a member twice, an order that is not one of the members. */
export function validateSet ({ members = [], order, references = [] }: SetValues): ReadonlyArray<
  FieldProblem<keyof typeof SET_FIELDS>
> {
  const problems: Array<FieldProblem<keyof typeof SET_FIELDS>> = []
  const twice = members.find((name, index) => members.indexOf(name) < index)
  if (twice !== undefined) {
    problems.push({ field: 'members', problem: `has "${twice}" twice`, remedy: 'Name each member once.' })
  }
  if (order !== undefined && (order.length !== members.length || members.some(name => !order.includes(name)))) {
    problems.push({
      field: 'order',
      problem: 'does not name each member exactly once',
      remedy: `Name these: ${members.join(', ')}; or omit it: databases are read before directories.`
    })
  }
  for (
    const name of references.flatMap(({ source, directory }) =>
      source === undefined ? [directory] : [source, directory]
    )
  ) {
    if (members.includes(name)) continue
    problems.push({
      field: 'references',
      problem: `names "${name}", which is not a member`,
      remedy: `Use the name of a member: ${members.join(', ')}.`
    })
  }
  return problems
}
