import { concealed, flag, secret, text, url } from '../../core/ports/field.ts'
import { storeOption } from '../../core/ports/store-kind.ts'
import { profile, storageClass } from './fields.ts'

/** The variables for the store "s3", and what holds for every store of the kind. */
export const S3_OPTIONS = {
  s3Bucket: storeOption(
    text,
    'BACKUP_S3_BUCKET',
    'An S3 bucket to which each backup is copied. It defines the store "s3".',
    'bucket'
  ),
  s3Prefix: storeOption(text, 'BACKUP_S3_PREFIX', 'Prefix of the object names in that bucket.', 'prefix'),
  s3Endpoint: storeOption(
    url,
    'BACKUP_S3_ENDPOINT',
    'URL of an S3-compatible service other than AWS.',
    'endpoint'
  ),
  s3Insecure: storeOption(
    flag,
    'BACKUP_S3_INSECURE',
    'Whether that URL may begin with http: for another machine. All traffic can then be read and changed on the network.',
    'insecure'
  ),
  s3PathStyle: storeOption(
    flag,
    'BACKUP_S3_PATH_STYLE',
    'Whether the bucket is in the path of the URL instead of the host name. Default: true if an endpoint is set.',
    'pathStyle'
  ),
  s3Profile: storeOption(
    profile,
    'BACKUP_S3_PROFILE',
    'aws, or compatible for services without the newer checksums of AWS. Default: compatible if an endpoint is set.',
    'profile'
  ),
  s3StorageClass: storeOption(
    storageClass,
    'BACKUP_S3_STORAGE_CLASS',
    'Storage class of the copies, such as STANDARD_IA. Default: that of the bucket.',
    'storageClass'
  ),
  awsRegion: storeOption(text, 'AWS_REGION', 'Region of S3 buckets without a region of their own.'),
  awsDefaultRegion: storeOption(
    text,
    'AWS_DEFAULT_REGION',
    'Used if AWS_REGION is not set. Default without either: us-east-1.'
  ),
  awsAccessKeyId: storeOption(
    secret(1),
    'AWS_ACCESS_KEY_ID',
    'Access key id for S3. Default: the credentials that the AWS SDK finds.'
  ),
  awsSecretAccessKey: storeOption(concealed(1), 'AWS_SECRET_ACCESS_KEY', 'The secret of the access key.'),
  awsSessionToken: storeOption(concealed(1), 'AWS_SESSION_TOKEN', 'The session token of temporary credentials.')
} as const
