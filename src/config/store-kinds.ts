import { Secret } from '../core/secret.ts'
import type {
  AzureStoreConfig,
  DirectoryStoreConfig,
  GcsStoreConfig,
  S3StoreConfig,
  StoreConfig,
  StoreDefaults
} from './config.ts'
import type { GivenStore } from './given-stores.ts'
import type { Problem } from './problem.ts'
import { isInsecure } from './secure-endpoint.ts'
import { s3Dialect } from './store-defaults.ts'
import { checkFields, STORE_FIELDS, type FieldValues } from './store-fields.ts'

export type Common = Pick<StoreConfig, 'name' | 'retention' | 'maxBackups' | 'isAppendOnly' | 'bandwidth'>
type S3Credentials = NonNullable<S3StoreConfig['credentials']>

/** The store with what its kind needs; undefined, and problems reported, where that is missing. */
export function makeStoreConfig (
  given: GivenStore,
  common: Common,
  defaults: StoreDefaults,
  problems: Problem[]
): StoreConfig | undefined {
  switch (given.kind) {
    case 's3':
      return s3(given, common, defaults, problems)
    case 'gcs':
      return gcs(given, common, defaults, problems)
    case 'azure':
      return azure(given, common, defaults, problems)
    case 'local':
      return directory(given, common, problems)
  }
}

interface Reached {
  readonly endpoint?: string | undefined
  readonly insecure?: boolean | undefined
}

/** A store that is reached by `http:` over a network must be asked for. */
function requireSecure (given: GivenStore, { endpoint, insecure = false }: Reached, problems: Problem[]): void {
  if (insecure || !isInsecure(endpoint)) return
  const asked = given.configPath === 'BACKUP_S3_BUCKET' ? 'BACKUP_S3_INSECURE=true' : '"insecure: true"'
  problems.push({
    name: nameOf(given, 'endpoint'),
    problem:
      'begins with http: and is on another machine, so credentials and backups could be read and changed on their way',
    remedy: `Give an address that begins with https:, or set ${asked} where the network is trusted.`
  })
}

function s3 (
  given: GivenStore,
  common: Common,
  defaults: StoreDefaults,
  problems: Problem[]
): S3StoreConfig | undefined {
  const { bucket, prefix = '', endpoint, storageClass = {}, encryption = null, kmsKeyId, lock = null, ...values } =
    checkFields(STORE_FIELDS.s3, given.fields, problems)
  requireSecure(given, { endpoint, insecure: values.insecure }, problems)
  const own = ownCredentials(given, values, problems)
  const credentials = own ?? defaults.credentials
  if (kmsKeyId !== undefined && encryption !== 'aws:kms') {
    problems.push({
      name: nameOf(given, 'kmsKeyId'),
      problem: 'is given without the encryption "aws:kms"',
      remedy: 'Say "encryption: aws:kms", too, or leave it out.'
    })
  }
  if (lock !== null && common.retention === null) {
    problems.push({
      name: nameOf(given, 'lock'),
      problem: 'is given without a retention of the store',
      remedy: 'Give the store a "retention": it says for how long its copies are locked.'
    })
  }
  requireField(given, 'bucket', 'Give the name of the bucket.', problems)
  if (bucket === undefined) return undefined
  const dialect = s3Dialect(endpoint)
  return {
    ...common,
    ...lacking(given, own === undefined ? defaults.lacks?.s3 : []),
    kind: 's3',
    bucket,
    prefix,
    region: values.region ?? defaults.region,
    endpoint,
    pathStyle: values.pathStyle ?? dialect.pathStyle,
    profile: values.profile ?? dialect.profile,
    credentials,
    storageClasses: storageClass,
    encryption,
    kmsKeyId,
    lock
  }
}

function ownCredentials (
  given: GivenStore,
  { accessKeyId, secretAccessKey, sessionToken }: FieldValues<typeof STORE_FIELDS.s3>,
  problems: Problem[]
): S3Credentials | undefined {
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      ...sessionToken === undefined ? {} : { sessionToken: new Secret(sessionToken) }
    }
  }
  if (given.lacks.length > 0) return undefined
  const alone = (['accessKeyId', 'secretAccessKey', 'sessionToken'] as const).find(key => given.fields.has(key))
  if (alone !== undefined) {
    problems.push({
      name: nameOf(given, alone),
      problem: 'is only a part of what it takes',
      remedy: 'Give "accessKeyId" and "secretAccessKey" (or "secretAccessKeyFile") together, or neither.'
    })
  }
  return undefined
}

function gcs (
  given: GivenStore,
  common: Common,
  defaults: StoreDefaults,
  problems: Problem[]
): GcsStoreConfig | undefined {
  const { bucket, prefix = '', keyFile, endpoint, insecure } = checkFields(STORE_FIELDS.gcs, given.fields, problems)
  requireSecure(given, { endpoint, insecure }, problems)
  requireField(given, 'bucket', 'Give the name of the bucket.', problems)
  return bucket === undefined
    ? undefined
    : { ...common, kind: 'gcs', bucket, prefix, keyFile: keyFile ?? defaults.keyFile, endpoint }
}

function azure (
  given: GivenStore,
  common: Common,
  defaults: StoreDefaults,
  problems: Problem[]
): AzureStoreConfig | undefined {
  const { container, prefix = '', endpoint, ...values } = checkFields(STORE_FIELDS.azure, given.fields, problems)
  requireSecure(given, { endpoint, insecure: values.insecure }, problems)
  const account = values.account ?? defaults.account
  const own = values.key === undefined ? undefined : new Secret(values.key)
  const lacks = lacking(given, own === undefined ? defaults.lacks?.azure : [])
  // Never used: a store that lacks a secret refuses everything.
  const key = own ?? defaults.accountKey ?? ('lacks' in lacks ? new Secret('') : undefined)
  requireField(given, 'container', 'Give the name of the container.', problems)
  if (account === undefined) {
    requireField(given, 'account', 'Give the name of the storage account, or set AZURE_STORAGE_ACCOUNT.', problems)
  }
  if (key === undefined) {
    requireField(
      given,
      'key',
      'Give the key of the storage account as "key" or "keyFile", or set AZURE_STORAGE_KEY.',
      problems
    )
  }
  return container === undefined || account === undefined || key === undefined
    ? undefined
    : { ...common, ...lacks, kind: 'azure', container, prefix, account, key, endpoint }
}

function directory (given: GivenStore, common: Common, problems: Problem[]): DirectoryStoreConfig | undefined {
  const { path } = checkFields(STORE_FIELDS.local, given.fields, problems)
  requireField(given, 'path', 'Give the path of the directory.', problems)
  return path === undefined ? undefined : { ...common, kind: 'local', path }
}

/** The secrets of its own that are missing here, otherwise those of the defaults. */
function lacking ({ lacks: own }: GivenStore, byDefault: readonly string[] = []): Pick<StoreConfig, 'lacks'> {
  const lacks = own.length > 0 ? own : byDefault
  return lacks.length === 0 ? {} : { lacks }
}

/** Only that it is there: what was given, and is wrong, has been reported already. */
function requireField ({ configPath, fields }: GivenStore, key: string, remedy: string, problems: Problem[]): void {
  if (!fields.has(key)) problems.push({ name: `${configPath}.${key}`, problem: 'is missing', remedy })
}

/** The place of a field, for messages. */
export function nameOf ({ configPath, fields }: GivenStore, key: string): string {
  return fields.get(key)?.name ?? `${configPath}.${key}`
}
