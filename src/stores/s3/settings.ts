import { concealed, flag, secret, text, url } from '../../core/ports/field.ts'
import { storeOption } from '../../core/ports/store-kind.ts'
import { profile, storageClass } from './fields.ts'

/** The variables for the store "s3", and what holds for every store of the kind. */
export const S3_OPTIONS = {
  s3Bucket: storeOption(
    text,
    'BACKUP_S3_BUCKET',
    'A bucket of S3 to which each backup is copied: the store "s3".',
    'bucket'
  ),
  s3Prefix: storeOption(text, 'BACKUP_S3_PREFIX', 'What the names of the copies in it begin with.', 'prefix'),
  s3Endpoint: storeOption(
    url,
    'BACKUP_S3_ENDPOINT',
    'URL of a service that speaks S3 and is not AWS.',
    'endpoint'
  ),
  s3Insecure: storeOption(
    flag,
    'BACKUP_S3_INSECURE',
    'Whether that URL may begin with http: although it is on another machine: everything can then be read and changed on its way.',
    'insecure'
  ),
  s3PathStyle: storeOption(
    flag,
    'BACKUP_S3_PATH_STYLE',
    'Whether the bucket stands in the path of the URL and not in the name of the host; by default where there is an endpoint.',
    'pathStyle'
  ),
  s3Profile: storeOption(
    profile,
    'BACKUP_S3_PROFILE',
    'aws, or compatible for what does not know its newer checksums, the default where there is an endpoint.',
    'profile'
  ),
  s3StorageClass: storeOption(
    storageClass,
    'BACKUP_S3_STORAGE_CLASS',
    'Storage class of the copies, such as STANDARD_IA; by default that of the bucket.',
    'storageClass'
  ),
  awsRegion: storeOption(text, 'AWS_REGION', 'Region of the buckets of S3 for which none is given.'),
  awsDefaultRegion: storeOption(
    text,
    'AWS_DEFAULT_REGION',
    'The same, where AWS_REGION is not set; without either us-east-1.'
  ),
  awsAccessKeyId: storeOption(
    secret(1),
    'AWS_ACCESS_KEY_ID',
    'Access key for S3; without it whatever the tools of AWS would find.'
  ),
  awsSecretAccessKey: storeOption(concealed(1), 'AWS_SECRET_ACCESS_KEY', 'The secret that belongs to it.'),
  awsSessionToken: storeOption(concealed(1), 'AWS_SESSION_TOKEN', 'The token that belongs to temporary ones.')
} as const
