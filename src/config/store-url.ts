import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { BackupError } from '../core/errors.ts'
import { flag, type Field } from '../core/ports/field.ts'
import type {
  AzureStoreConfig,
  DirectoryStoreConfig,
  GcsStoreConfig,
  S3StoreConfig,
  StoreConfig,
  StoreDefaults
} from './config.ts'
import { isInsecure } from './secure-endpoint.ts'
import { s3Dialect } from './store-defaults.ts'
import { STORE_FIELDS } from './store-fields.ts'
import { identity } from './store-places.ts'

const FORMS = 's3://bucket/prefix, gs://bucket/prefix, azure://account/container/prefix, file:///directory or a path'
const PARAMETERS = {
  s3: ['endpoint', 'insecure', 'region', 'pathStyle', 'profile'],
  gcs: ['endpoint', 'insecure'],
  azure: ['endpoint', 'insecure']
} as const

/**
 * The store that a URL names: `s3://bucket/prefix?endpoint=…&region=…&pathStyle=true&profile=compatible`, `gs://` or
 * `gcs://`, `azure://account/container/prefix`, `file:///dir` or a path, taken from `cwd`. An endpoint that is `http:`
 * on another machine needs `insecure=true`. Credentials come from `defaults` and never from the URL. The store is
 * called what its kind is. Throws `VALIDATION_FAILED`.
 */
export function parseStoreUrl (text: string, defaults: StoreDefaults, cwd: string): StoreConfig {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return directory(resolve(cwd, text), text)
  const url = URL.parse(text)
  if (url === null) throw invalid('that is not the URL of a store', `Give it as ${FORMS}.`)
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'the URL of a store must not hold credentials',
      'Set them in the environment, and leave them out of the URL.'
    )
  }
  switch (url.protocol) {
    case 's3:':
      return s3(url, defaults)
    case 'gs:':
    case 'gcs:':
      return gcs(url, defaults)
    case 'azure:':
      return azure(url, defaults)
    case 'file:':
      return directory(localPath(url), text)
    default:
      throw invalid(`"${url.protocol}//" begins the URL of no kind of store`, `Give it as ${FORMS}.`)
  }
}

/** The one way in which the place of a store is written as such a URL: without anything secret. */
export function formatStoreUrl (store: StoreConfig): string {
  switch (store.kind) {
    case 's3': {
      const { endpoint, region, pathStyle, profile } = store
      const query = new URLSearchParams({
        region,
        ...endpoint === undefined ? {} : { endpoint, pathStyle: String(pathStyle), profile },
        ...insecureQuery(endpoint)
      })
      return `s3://${store.bucket}/${encoded(store.prefix)}?${query.toString()}`
    }
    case 'gcs':
      return `gs://${store.bucket}/${encoded(store.prefix)}${endpointQuery(store.endpoint)}`
    case 'azure':
      return `azure://${store.account}/${store.container}/${encoded(store.prefix)}${endpointQuery(store.endpoint)}`
    case 'local':
      return pathToFileURL(store.path).href
  }
}

/** Where a store is, for people. */
export function storePlace (store: StoreConfig): string {
  switch (store.kind) {
    case 's3':
      return `s3://${store.bucket}/${store.prefix}`
    case 'gcs':
      return `gs://${store.bucket}/${store.prefix}`
    case 'azure':
      return `azure://${store.account}/${store.container}/${store.prefix}`
    case 'local':
      return store.path
  }
}

/** Whether two stores are at the very same place, however they are reached and whatever they are called. */
export function isSamePlace (one: StoreConfig, other: StoreConfig): boolean {
  const [a, b] = [identity(one), identity(other)]
  return a.root === b.root && a.path === b.path
}

const COMMON = { retention: null, maxBackups: null, isAppendOnly: false, bandwidth: null } as const

function s3 (url: URL, { region, credentials, lacks }: StoreDefaults): S3StoreConfig {
  const given = parametersOf(url, PARAMETERS.s3)
  const fields = STORE_FIELDS.s3
  const bucket = check(fields.bucket, decodeURIComponent(url.hostname), 'the bucket')
  const endpoint = endpointOf(given)
  const dialect = s3Dialect(endpoint)
  return {
    ...COMMON,
    ...lacks === undefined || lacks.s3.length === 0 ? {} : { lacks: lacks.s3 },
    name: 's3',
    kind: 's3',
    bucket,
    prefix: prefixOf(url.pathname),
    region: checkIfGiven(fields.region, given, 'region') ?? region,
    endpoint,
    pathStyle: checkIfGiven(flag, given, 'pathStyle') ?? dialect.pathStyle,
    profile: checkIfGiven(fields.profile, given, 'profile') ?? dialect.profile,
    credentials,
    storageClasses: {},
    encryption: null,
    kmsKeyId: undefined,
    lock: null
  }
}

function gcs (url: URL, { keyFile }: StoreDefaults): GcsStoreConfig {
  const given = parametersOf(url, PARAMETERS.gcs)
  const bucket = check(STORE_FIELDS.gcs.bucket, decodeURIComponent(url.hostname), 'the bucket')
  return {
    ...COMMON,
    name: 'gcs',
    kind: 'gcs',
    bucket,
    prefix: prefixOf(url.pathname),
    keyFile,
    endpoint: endpointOf(given)
  }
}

function azure (url: URL, { account: ownAccount, accountKey }: StoreDefaults): AzureStoreConfig {
  const given = parametersOf(url, PARAMETERS.azure)
  const account = check(STORE_FIELDS.azure.account, decodeURIComponent(url.hostname), 'the account')
  const [, container = '', ...rest] = url.pathname.split('/')
  if (accountKey === undefined) {
    throw invalid(
      `there is no key for the storage account "${account}"`,
      'Set AZURE_STORAGE_KEY or AZURE_STORAGE_KEY_FILE.'
    )
  }
  if (ownAccount !== undefined && ownAccount !== account) {
    throw invalid(
      `the key in AZURE_STORAGE_KEY is that of the account "${ownAccount}" and not of "${account}"`,
      'Set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY to those of the account in the URL.'
    )
  }
  return {
    ...COMMON,
    name: 'azure',
    kind: 'azure',
    container: check(STORE_FIELDS.azure.container, decodeURIComponent(container), 'the container'),
    prefix: prefixOf(rest.join('/')),
    account,
    key: accountKey,
    endpoint: endpointOf(given)
  }
}

function directory (path: string, text: string): DirectoryStoreConfig {
  if (text === '' || path.includes('\0')) throw invalid('that is not the URL of a store', `Give it as ${FORMS}.`)
  return { ...COMMON, name: 'directory', kind: 'local', path }
}

function localPath (url: URL): string {
  try {
    return resolve(fileURLToPath(url))
  } catch (error) {
    throw invalid(
      `"${url.href}" is not the URL of a directory of this machine`,
      'Give it with three slashes, such as file:///mnt/disk.',
      error
    )
  }
}

function parametersOf ({ searchParams }: URL, known: readonly string[]): URLSearchParams {
  const unknown = [...searchParams.keys()].find(key => !known.includes(key))
  if (unknown === undefined) return searchParams
  throw invalid(
    `"${unknown}" is no parameter of the URL of such a store`,
    `Known here: ${known.join(', ')}; credentials come from the environment.`
  )
}

function checkIfGiven<T> (field: Field<T>, given: URLSearchParams, key: string): T | undefined {
  const value = given.get(key)
  return value === null ? undefined : check(field, value, `"${key}"`)
}

function check<T> ({ schema, fromText, expects }: Field<T>, value: string, what: string): T {
  const parsed = schema.safeParse(fromText(value))
  if (parsed.success) return parsed.data
  throw invalid(`${what} in the URL of the store is not ${expects}`, `Give it as ${FORMS}.`)
}

function prefixOf (path: string): string {
  return check(STORE_FIELDS.s3.prefix, decodeURIComponent(path), 'the prefix')
}

function encoded (prefix: string): string {
  return prefix.split('/').map(encodeURIComponent).join('/')
}

function endpointQuery (endpoint: string | undefined): string {
  return endpoint === undefined ? '' : `?${new URLSearchParams({ endpoint, ...insecureQuery(endpoint) }).toString()}`
}

/** What was allowed once is remembered with the place. */
function insecureQuery (endpoint: string | undefined): { readonly insecure?: 'true' } {
  return isInsecure(endpoint) ? { insecure: 'true' } : {}
}

function endpointOf (given: URLSearchParams): string | undefined {
  const endpoint = checkIfGiven(STORE_FIELDS.s3.endpoint, given, 'endpoint')
  if (!isInsecure(endpoint) || checkIfGiven(flag, given, 'insecure') === true) return endpoint
  throw invalid(
    'the endpoint in the URL of the store begins with http: and is on another machine, so credentials and backups could be read and changed on their way',
    'Give an address that begins with https:, or add "insecure=true" to the URL where the network is trusted.'
  )
}

function invalid (message: string, hint: string, cause?: unknown): BackupError {
  return new BackupError('VALIDATION_FAILED', message, { hint, cause })
}
