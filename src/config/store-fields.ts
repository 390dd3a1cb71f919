import { flag, text, whole, type Fields, type FieldValues } from '../core/ports/field.ts'
import type { StoreKind } from '../core/ports/store-kind.ts'
import { checkGiven } from './checked-value.ts'
import type { Problem } from './problem.ts'
import type { RawValue } from './raw-value.ts'
import { bandwidth } from './store-values.ts'

/** The fields that a store of any kind may have. */
export const COMMON_FIELDS = {
  name: text,
  enabled: flag,
  uploadAfterBackup: flag,
  maxBackups: whole(1, 100_000),
  appendOnly: flag,
  bandwidth
} as const

/** Every key that a store of that kind may have in holdfast.yaml. */
export function storeKeys (kind: StoreKind): readonly string[] {
  return [
    ...Object.keys(COMMON_FIELDS),
    'kind',
    'retention',
    ...Object.keys(kind.fields),
    ...secretsOf(kind).map(key => `${key}File`)
  ]
}

/** Those that can also be given as the path of a file. */
export function secretsOf ({ fields }: StoreKind): readonly string[] {
  return Object.keys(fields).filter(key => fields[key]?.kind === 'secret')
}

/** Those that are paths, or the paths of files that hold secrets. */
export function pathsOf (kind: StoreKind): readonly string[] {
  const { fields } = kind
  return [
    ...Object.keys(fields).filter(key => fields[key]?.kind === 'path'),
    ...secretsOf(kind).map(key => `${key}File`)
  ]
}

export function checkFields<F extends Fields> (
  fields: F,
  given: ReadonlyMap<string, RawValue>,
  problems: Problem[]
): FieldValues<F> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, field]) => {
      const one = given.get(key)
      return one === undefined ? [] : [[key, checkGiven(field, one, problems)]]
    })
  ) as FieldValues<F>
}
