import { Secret } from '../../../src/core/secret.ts'

/**
 * The value with its secrets as `secret TEXT`: to an assertion any two of the type `Secret` are equal, whatever they
 * hold.
 */
export function revealed (value: unknown): unknown {
  if (value instanceof Secret) return `secret ${value.reveal()}`
  if (Array.isArray(value)) return value.map(revealed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, revealed(inner)]))
}
