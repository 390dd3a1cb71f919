import { flag, url, type FieldProblem } from '../core/ports/field.ts'
import type { GivenFields, StoreUrl } from '../core/ports/store-kind.ts'
import { prefix } from './fields.ts'

/** Names that never leave the machine (RFC 6761), and the loopback addresses. */
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i

/**
 * Whether the endpoint is `http:` on another machine: credentials, backups and the answers of the store could be read
 * and changed on their way. undefined stands for the address of the provider itself, which is `https:`.
 */
export function isInsecure (endpoint: string | undefined): boolean {
  const url = endpoint === undefined ? null : URL.parse(endpoint)
  return url?.protocol === 'http:' && !LOOPBACK.test(url.hostname)
}

/** The fields of a store that is reached by HTTP. */
export const ENDPOINT_FIELDS = { endpoint: url, insecure: flag } as const

/** The parameters of its URL. */
export const ENDPOINT_PARAMETERS = ['endpoint', 'insecure'] as const

/** An endpoint that is insecure must be asked for. */
export function endpointProblems ({ values: { endpoint, insecure = false }, setting }: Pick<
  GivenFields<typeof ENDPOINT_FIELDS>,
  'values' | 'setting'
>): Array<FieldProblem<'endpoint'>> {
  if (insecure || !isInsecure(endpoint)) return []
  return [{
    field: 'endpoint',
    problem: 'uses http: over the network, so credentials and backups could be read and changed in transit',
    remedy: `Set an address that begins with https:, or set ${setting('insecure', 'true')} if the network is trusted.`
  }]
}

/** The endpoint in the URL of a store. Throws `VALIDATION_FAILED` where it is insecure and was not asked for. */
export function endpointOf ({ parameter, refuse }: StoreUrl): string | undefined {
  const endpoint = parameter(url, 'endpoint')
  if (!isInsecure(endpoint) || parameter(flag, 'insecure') === true) return endpoint
  return refuse(
    'the endpoint in the URL of the store uses http: over the network, so credentials and backups could be read and changed in transit',
    'Use an address that begins with https:, or add "insecure=true" to the URL if the network is trusted.'
  )
}

/** The parameters that name the endpoint. What was allowed once is remembered with the place. */
export function endpointQuery (endpoint: string | undefined): Readonly<Record<string, string>> {
  return { ...endpoint === undefined ? {} : { endpoint }, ...isInsecure(endpoint) ? { insecure: 'true' } : {} }
}

/** A URL of a scheme that is not one of the web, such as `gs://bucket/prefix/?endpoint=…`. */
export function formatUrl (start: string, prefix: string, query: Readonly<Record<string, string>>): string {
  const path = prefix.split('/').map(encodeURIComponent).join('/')
  const parameters = new URLSearchParams(query).toString()
  return `${start}/${path}${parameters === '' ? '' : `?${parameters}`}`
}

/** The host of the URL of a store, where the bucket or the account stands. */
export function hostOf ({ url: { hostname } }: StoreUrl): string {
  return decodeURIComponent(hostname)
}

/** The prefix in the URL of a store. Throws `VALIDATION_FAILED`. */
export function prefixOf ({ check }: StoreUrl, path: string): string {
  return check(prefix, decodeURIComponent(path), 'the prefix')
}
