import { Secret } from '../core/secret.ts'
import type { S3StoreConfig, StoreDefaults } from './config.ts'
import { OPTIONS, type OptionName, type OptionValues } from './options.ts'

/** Where nobody names a region: what every look-alike takes, and the oldest one of AWS. */
const REGION = 'us-east-1'

/** Secrets that the server has and this command does not. */
export type Lacking = ReadonlySet<OptionName>

/** What holds for stores that say nothing of their own about it. */
export function readStoreDefaults (options: OptionValues, lacking: Lacking): StoreDefaults {
  const {
    awsRegion,
    awsDefaultRegion,
    awsAccessKeyId,
    awsSecretAccessKey,
    awsSessionToken,
    googleCredentials,
    azureStorageAccount,
    azureStorageKey
  } = options
  const lacked = (...names: OptionName[]): string[] =>
    names.filter(name => lacking.has(name)).map(name => OPTIONS[name].variable)
  const lacks = {
    s3: lacked('awsAccessKeyId', 'awsSecretAccessKey', 'awsSessionToken'),
    azure: lacked('azureStorageKey')
  }
  return {
    region: awsRegion ?? awsDefaultRegion ?? REGION,
    credentials: awsAccessKeyId === undefined || awsSecretAccessKey === undefined
      ? undefined
      : {
        accessKeyId: awsAccessKeyId,
        secretAccessKey: new Secret(awsSecretAccessKey),
        ...awsSessionToken === undefined ? {} : { sessionToken: new Secret(awsSessionToken) }
      },
    keyFile: googleCredentials,
    account: azureStorageAccount,
    accountKey: azureStorageKey === undefined ? undefined : new Secret(azureStorageKey),
    ...lacks.s3.length + lacks.azure.length === 0 ? {} : { lacks }
  }
}

/**
 * How a service is best spoken to of which only the endpoint is known: AWS in its own way, anything else in that which
 * all of them understand.
 */
export function s3Dialect (endpoint: string | undefined): Pick<S3StoreConfig, 'pathStyle' | 'profile'> {
  const isElsewhere = endpoint !== undefined && !new URL(endpoint).hostname.endsWith('.amazonaws.com')
  return { pathStyle: isElsewhere, profile: isElsewhere ? 'compatible' : 'aws' }
}
