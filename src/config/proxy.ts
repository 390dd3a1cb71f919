import { storeKindOf } from '../stores/index.ts'
import type { StoreConfig } from './config.ts'
import { variableText, type Environment } from './read-environment.ts'
import { configError, type Problem } from './problem.ts'

/**
 * The proxies that requests of this process go through, in the form that the agents of Node take; both spellings, as
 * they are given.
 */
export type ProxyVariables = Readonly<Record<string, string>>

const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY'] as const
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i

/**
 * What the environment says of proxies: HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or the same in lower case, which goes
 * first, as in curl. An address without a scheme is one of `http://`. undefined: there is none. Throws `CONFIG_INVALID`
 * for what is no address of an HTTP proxy.
 */
export function proxyOf (environment: Environment): ProxyVariables | undefined {
  const problems: Problem[] = []
  const proxies = PROXIES.flatMap(name => {
    const [variable, text] = [name.toLowerCase(), name].map(spelling =>
      [spelling, variableText(environment, spelling)] as const
    ).find(([, text]) => text !== undefined) ?? []
    if (variable === undefined || text === undefined) {
      return []
    }
    const url = SCHEME.test(text) ? text : `http://${text}`
    if (!URL.canParse(url) || !['http:', 'https:'].includes(new URL(url).protocol)) {
      problems.push({
        name: variable,
        problem: 'is not the address of an HTTP proxy',
        remedy: 'Write it as http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT.'
      })
    }
    return [[name, url] as const]
  })
  if (problems.length > 0) throw configError(problems)
  if (proxies.length === 0) return undefined
  const except = variableText(environment, 'no_proxy') ?? variableText(environment, 'NO_PROXY')
  return Object.fromEntries(except === undefined ? proxies : [...proxies, ['NO_PROXY', except]])
}

/**
 * Sends what this process asks by `fetch` and by the agents that all share through the proxies of the environment,
 * where there are any and one of `stores` is in a cloud; otherwise the proxies are not even looked at. Returns what
 * undoes it. Throws as `proxyOf`, and `CONFIG_INVALID` where this Node cannot do it.
 */
export function useProxy (environment: Environment, stores: ReadonlyArray<Pick<StoreConfig, 'kind'>>): () => void {
  if (stores.every(store => storeKindOf(store).isDirectory)) return () => {}
  const proxy = proxyOf(environment)
  if (proxy === undefined) return () => {}
  // Loaded here: most commands ask nobody.
  const http = process.getBuiltinModule('node:http')
  if ('setGlobalProxyFromEnv' in http) return http.setGlobalProxyFromEnv(proxy)
  throw configError([{
    name: Object.keys(proxy)[0] ?? 'HTTPS_PROXY',
    problem: 'is not supported by this version of Node',
    remedy: 'Use the version of Node that "npm ci" installs, or remove the proxy from the environment.'
  }])
}
