import { choice, flag, optional, path, secret, text, url } from '../core/ports/field.ts'
import { option } from './option.ts'
import { storageClass } from './store-values.ts'

export const S3_PROFILES = ['aws', 'compatible'] as const

/** What the environment says of stores: one of each kind, and credentials for all that have none of their own. */
export const STORE_OPTIONS = {
  s3Bucket: option(
    optional(text),
    'BACKUP_S3_BUCKET',
    undefined,
    'A bucket of S3 to which each backup is copied: the store "s3".'
  ),
  s3Prefix: option(optional(text), 'BACKUP_S3_PREFIX', undefined, 'What the names of the copies in it begin with.'),
  s3Endpoint: option(optional(url), 'BACKUP_S3_ENDPOINT', undefined, 'URL of a service that speaks S3 and is not AWS.'),
  s3Insecure: option(
    optional(flag),
    'BACKUP_S3_INSECURE',
    undefined,
    'Whether that URL may begin with http: although it is on another machine: everything can then be read and changed on its way.'
  ),
  s3PathStyle: option(
    optional(flag),
    'BACKUP_S3_PATH_STYLE',
    undefined,
    'Whether the bucket stands in the path of the URL and not in the name of the host; by default where there is an endpoint.'
  ),
  s3Profile: option(
    optional(choice(S3_PROFILES)),
    'BACKUP_S3_PROFILE',
    undefined,
    'aws, or compatible for what does not know its newer checksums, the default where there is an endpoint.'
  ),
  s3StorageClass: option(
    optional(storageClass),
    'BACKUP_S3_STORAGE_CLASS',
    undefined,
    'Storage class of the copies, such as STANDARD_IA; by default that of the bucket.'
  ),
  awsRegion: option(optional(text), 'AWS_REGION', undefined, 'Region of the buckets of S3 for which none is given.'),
  awsDefaultRegion: option(
    optional(text),
    'AWS_DEFAULT_REGION',
    undefined,
    'The same, where AWS_REGION is not set; without either us-east-1.'
  ),
  awsAccessKeyId: option(
    optional(secret(1)),
    'AWS_ACCESS_KEY_ID',
    undefined,
    'Access key for S3; without it whatever the tools of AWS would find.'
  ),
  awsSecretAccessKey: option(optional(secret(1)), 'AWS_SECRET_ACCESS_KEY', undefined, 'The secret that belongs to it.'),
  awsSessionToken: option(
    optional(secret(1)),
    'AWS_SESSION_TOKEN',
    undefined,
    'The token that belongs to temporary ones.'
  ),

  gcsBucket: option(
    optional(text),
    'BACKUP_GCS_BUCKET',
    undefined,
    'A bucket of Google Cloud Storage to which each backup is copied: the store "gcs".'
  ),
  googleCredentials: option(
    optional(path),
    'GOOGLE_APPLICATION_CREDENTIALS',
    undefined,
    'JSON file of the service account for it; without it whatever the tools of Google would find.'
  ),

  azureContainer: option(
    optional(text),
    'BACKUP_AZURE_CONTAINER',
    undefined,
    'A container of Azure Blob Storage to which each backup is copied: the store "azure".'
  ),
  azureStorageAccount: option(optional(text), 'AZURE_STORAGE_ACCOUNT', undefined, 'The storage account that it is in.'),
  azureStorageKey: option(optional(secret(1)), 'AZURE_STORAGE_KEY', undefined, 'The key of that account.')
} as const
