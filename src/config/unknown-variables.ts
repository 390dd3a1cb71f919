import { hasFile } from '../core/ports/field.ts'
import { variableText, type Environment } from './read-environment.ts'
import { editDistance, nearest } from '../core/nearest.ts'
import { ALIASES, CONFIG_VARIABLE, OPTION_NAMES, OPTIONS } from './options.ts'
import type { Problem } from './problem.ts'

const KNOWN: readonly string[] = [
  ...OPTION_NAMES.flatMap(name =>
    hasFile(OPTIONS[name]) ? [OPTIONS[name].variable, `${OPTIONS[name].variable}_FILE`] : [OPTIONS[name].variable]
  ),
  ...Object.keys(ALIASES),
  CONFIG_VARIABLE
]
/** Without dashes and in capitals, next to its name. */
const PLAIN = KNOWN.map(known => ({ known, plain: plainName(known) }))
const OURS = /^(?:BACKUP|HOLDFAST)_/i
/**
 * What Kubernetes sets in every container for a service of the name:
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables.
 */
const SERVICE_LINK = /_(?:SERVICE_(?:HOST|PORT\w*)|PORT(?:_\d+_(?:TCP|UDP|SCTP)\w*)?)$/
/** Shorter names are like too many others: HOST is like HOME. */
const SHORTEST = 8
const MOST_SLIPS = 2

/**
 * Variables that look as if they were for the service and are not: those that begin with BACKUP_ or HOLDFAST_, and
 * those that are a slip away from one that is known and not set. Their values are not looked at.
 */
export function unknownVariables (environment: Environment): Problem[] {
  return Object.keys(environment).toSorted().flatMap((name): Problem[] => {
    if (KNOWN.includes(name) || variableText(environment, name) === undefined) return []
    const isOurs = OURS.test(name) && !SERVICE_LINK.test(name)
    const meant = slipOf(name, environment) ?? (isOurs ? nearest(name, KNOWN) : undefined)
    if (meant !== undefined) {
      return [{ name, problem: 'is unknown and has no effect', remedy: `Did you mean ${meant}?` }]
    }
    return isOurs
      ? [{
        name,
        problem: 'is unknown and has no effect',
        remedy: 'Remove it; .env.example lists every variable.'
      }]
      : []
  })
}

function slipOf (name: string, environment: Environment): string | undefined {
  const own = plainName(name)
  return PLAIN.find(({ known, plain }) =>
    (plain === own || isNear(name, known)) && variableText(environment, known) === undefined
  )?.known
}

function isNear (name: string, known: string): boolean {
  return known.length >= SHORTEST && Math.abs(name.length - known.length) <= MOST_SLIPS &&
    editDistance(name, known, MOST_SLIPS) <= MOST_SLIPS
}

function plainName (name: string): string {
  return name.replaceAll(/[_-]/g, '').toUpperCase()
}
