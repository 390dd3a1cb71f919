import { Secret } from '../core/secret.ts'
import type { S3StoreConfig, StoreDefaults } from './config.ts'
import type { OptionValues } from './options.ts'

/** Where nobody names a region: what every look-alike takes, and the oldest one of AWS. */
const REGION = 'us-east-1'

/** What holds for stores that say nothing of their own about it. */
export function readStoreDefaults (options: OptionValues): StoreDefaults {
  const { awsRegion, awsDefaultRegion, awsAccessKeyId, awsSecretAccessKey, awsSessionToken, googleCredentials, azureStorageAccount, azureStorageKey } = options
  return {
    region: awsRegion ?? awsDefaultRegion ?? REGION,
    credentials: awsAccessKeyId === undefined || awsSecretAccessKey === undefined
      ? undefined
      : { accessKeyId: awsAccessKeyId, secretAccessKey: new Secret(awsSecretAccessKey), ...awsSessionToken === undefined ? {} : { sessionToken: new Secret(awsSessionToken) } },
    keyFile: googleCredentials,
    account: azureStorageAccount,
    accountKey: azureStorageKey === undefined ? undefined : new Secret(azureStorageKey)
  }
}

/** How a service is best spoken to of which only the endpoint is known: AWS in its own way, anything else in that which all of them understand. */
export function mannersOf (endpoint: string | undefined): Pick<S3StoreConfig, 'pathStyle' | 'profile'> {
  const isElsewhere = endpoint !== undefined && !new URL(endpoint).hostname.endsWith('.amazonaws.com')
  return { pathStyle: isElsewhere, profile: isElsewhere ? 'compatible' : 'aws' }
}
