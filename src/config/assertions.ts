import { z } from 'zod'
import { text, type Field } from '../core/ports/field.ts'
import type { SourceKind } from '../core/ports/source-kind.ts'
import { exact, type Assertion } from '../core/restore/drill.ts'
import { checkGiven } from './checked-value.ts'
import type { Problem } from './problem.ts'
import { asMap, readMap } from './raw-map.ts'
import type { RawValue } from './raw-value.ts'

/** YAML has read a larger number as a fraction near it: its last digits are lost already. */
const number = z.number().refine(value => !Number.isInteger(value) || Number.isSafeInteger(value))
const figure = value(
  z.union([number, z.string().regex(/^-?(?:0|[1-9]\d*)$/)]),
  'a number (an integer beyond 2^53 as digits in quotes)'
)
const BOUNDS = {
  min: figure,
  max: figure,
  equals: value(z.union([number, z.string()]), 'a number or a text (an integer beyond 2^53 as digits in quotes)')
} as const
const KEYS = ['name', 'sql', ...Object.keys(BOUNDS)]

type QueryProblem = NonNullable<SourceKind['assertionProblem']>

/**
 * The list under `assertions`: each with a name of its own, one statement that reads, and a bound. Reports what is
 * wrong with any of them; `queryProblem` is what speaks against a query, in the language of the kind.
 */
export function readAssertions (
  given: RawValue,
  queryProblem: QueryProblem,
  problems: Problem[]
): readonly Assertion[] {
  if (!Array.isArray(given.value)) {
    problems.push({
      name: given.name,
      problem: 'is not a list',
      remedy:
        'Write each assertion as a list entry with a name, its sql and a bound; holdfast.example.yaml has examples.'
    })
    return []
  }
  const assertions = given.value.flatMap((entry: unknown, index) =>
    readAssertion({ ...given, name: `${given.name}[${index}]`, value: entry }, queryProblem, problems) ?? []
  )
  for (const [index, { name }] of assertions.entries()) {
    if (assertions.findIndex(other => other.name === name) < index) {
      problems.push({
        name: given.name,
        problem: `has two assertions named "${name}"`,
        remedy: 'Give each assertion a different name.'
      })
    }
  }
  return assertions
}

function readAssertion (given: RawValue, queryProblem: QueryProblem, problems: Problem[]): Assertion | undefined {
  const map = asMap(given, problems)
  if (map === undefined) return undefined
  const before = problems.length
  const fields = readMap(map, { prefix: `${given.name}.`, base: given.base }, KEYS, problems)
  const check = <T>(key: string, field: Field<T>): T | undefined => {
    const found = fields.get(key)
    return found === undefined ? undefined : checkGiven(field, found, problems)
  }
  const [name, sql] = [check('name', text), check('sql', text)]
  const [min, max, equals] = [check('min', BOUNDS.min), check('max', BOUNDS.max), check('equals', BOUNDS.equals)]
  for (const key of ['name', 'sql']) {
    if (!fields.has(key)) {
      problems.push({ name: `${given.name}.${key}`, problem: 'is missing', remedy: `Give the assertion a ${key}.` })
    }
  }
  const wrong = sql === undefined ? undefined : queryProblem(sql)
  if (wrong !== undefined) {
    problems.push({
      name: `${given.name}.sql`,
      problem: wrong,
      remedy: 'Give one SELECT that returns one value; ":at" in it is the start time of the backup.'
    })
  }
  if (Object.keys(BOUNDS).every(key => !fields.has(key))) {
    problems.push({ name: given.name, problem: 'has no bound', remedy: 'Set min, max or equals.' })
  }
  if (min !== undefined && max !== undefined && exact(min) > exact(max)) {
    problems.push({
      name: given.name,
      problem: `has a min of ${min} and a max of ${max}`,
      remedy: 'Set a min that is not greater than the max.'
    })
  }
  if (problems.length > before || name === undefined || sql === undefined) return undefined
  return {
    name,
    sql,
    ...min !== undefined && { min },
    ...max !== undefined && { max },
    ...equals !== undefined && { equals }
  }
}

function value<T> (schema: z.ZodType<T>, expects: string): Field<T> {
  return { kind: 'value', schema, fromText: written => written, expects }
}
