import { flag, type FieldProblem, type FieldValues } from '../../core/ports/field.ts'
import { storeKind, type GivenFields } from '../../core/ports/store-kind.ts'
import {
  ENDPOINT_PARAMETERS,
  endpointOf,
  endpointProblems,
  endpointQuery,
  formatUrl,
  hostOf,
  isInsecure,
  prefixOf
} from '../endpoint.ts'
import { S3_FIELDS } from './fields.ts'
import type { S3Credentials, S3StoreOptions } from './options.ts'
import { S3_OPTIONS } from './settings.ts'

type Given = FieldValues<typeof S3_FIELDS>
type Defaults = FieldValues<typeof S3_OPTIONS>
type Problems = Array<FieldProblem<keyof Given>>

/** What a store is made with: all that is not the same for every store of a process. */
export type S3Values = Omit<S3StoreOptions, 'name' | 'clock' | 'proxy' | 'idleTimeout'>

/** Where nobody names a region: what every look-alike takes, and the oldest one of AWS. */
const REGION = 'us-east-1'

/** AWS, and everything that speaks its protocol. */
export const s3Kind = storeKind<typeof S3_FIELDS, typeof S3_OPTIONS, S3Values>({
  name: 's3',
  label: 'S3',
  fields: S3_FIELDS,
  required: { bucket: 'Set the name of the bucket.' },
  options: S3_OPTIONS,
  hasBlock: true,
  lockField: 'lock',
  isDirectory: false,
  canThaw: true,
  complete: (given, defaults) => ({
    bucket: given.bucket,
    prefix: given.prefix ?? '',
    region: given.region ?? regionOf(defaults),
    endpoint: given.endpoint,
    ...dialectOf(given.endpoint, given),
    credentials: credentials(given.accessKeyId, given.secretAccessKey, given.sessionToken) ?? credentialsOf(defaults),
    storageClasses: given.storageClass ?? {},
    encryption: given.encryption ?? null,
    kmsKeyId: given.kmsKeyId,
    lock: given.lock ?? null
  }),
  validate: given => [...endpointProblems(given), ...credentialProblems(given), ...togetherProblems(given)],
  validateDefaults: ({ awsAccessKeyId, awsSecretAccessKey }) => {
    if ((awsAccessKeyId === undefined) === (awsSecretAccessKey === undefined)) return []
    const [field, missing] = awsAccessKeyId === undefined
      ? ['awsSecretAccessKey', S3_OPTIONS.awsAccessKeyId.variable] as const
      : ['awsAccessKeyId', S3_OPTIONS.awsSecretAccessKey.variable] as const
    return [{ field, problem: `is set without ${missing}`, remedy: 'Set both, or neither.' }]
  },
  url: {
    schemes: ['s3'],
    form: 's3://bucket/prefix',
    parameters: [...ENDPOINT_PARAMETERS, 'region', 'pathStyle', 'profile'],
    parse: (parts, defaults) => {
      const { url, check, parameter } = parts
      const bucket = check(S3_FIELDS.bucket, hostOf(parts), 'the bucket')
      const endpoint = endpointOf(parts)
      return {
        bucket,
        prefix: prefixOf(parts, url.pathname),
        region: parameter(S3_FIELDS.region, 'region') ?? regionOf(defaults),
        endpoint,
        ...dialectOf(endpoint, {
          pathStyle: parameter(flag, 'pathStyle'),
          profile: parameter(S3_FIELDS.profile, 'profile')
        }),
        credentials: credentialsOf(defaults),
        storageClasses: {},
        encryption: null,
        kmsKeyId: undefined,
        lock: null
      }
    },
    format: ({ bucket, prefix, region, endpoint, pathStyle, profile }) => {
      const { insecure, ...place } = endpointQuery(endpoint)
      return formatUrl(`s3://${bucket}`, prefix, {
        region,
        ...place,
        ...endpoint === undefined ? {} : { pathStyle: String(pathStyle), profile },
        ...insecure === undefined ? {} : { insecure }
      })
    }
  },
  place: ({ bucket, prefix }) => `s3://${bucket}/${prefix}`,
  identity: ({ endpoint, bucket, prefix }) => ({ root: `s3 ${endpoint ?? ''} ${bucket}`, path: prefix }),
  paths: () => [],
  isInsecure: ({ endpoint }) => isInsecure(endpoint),
  make: async (name, values, { clock, proxy }) =>
    (await import('./s3.ts')).s3Store({ ...values, name, clock, proxy: proxy() })
})

function regionOf ({ awsRegion, awsDefaultRegion }: Defaults): string {
  return awsRegion ?? awsDefaultRegion ?? REGION
}

/**
 * How a service is best spoken to of which only the endpoint is known: AWS in its own way, anything else in that which
 * all of them understand.
 */
function dialectOf (
  endpoint: string | undefined,
  { pathStyle, profile }: Pick<Given, 'pathStyle' | 'profile'>
): Pick<S3Values, 'pathStyle' | 'profile'> {
  const isElsewhere = endpoint !== undefined && !new URL(endpoint).hostname.endsWith('.amazonaws.com')
  return { pathStyle: pathStyle ?? isElsewhere, profile: profile ?? (isElsewhere ? 'compatible' : 'aws') }
}

function credentialsOf ({ awsAccessKeyId, awsSecretAccessKey, awsSessionToken }: Defaults): S3Credentials | undefined {
  return credentials(awsAccessKeyId, awsSecretAccessKey, awsSessionToken)
}

function credentials (
  accessKeyId: string | undefined,
  secretAccessKey: S3Credentials['secretAccessKey'] | undefined,
  sessionToken: S3Credentials['sessionToken']
): S3Credentials | undefined {
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, ...sessionToken === undefined ? {} : { sessionToken } }
}

function credentialProblems ({ values, isGiven, lacksSecrets }: GivenFields<typeof S3_FIELDS>): Problems {
  if (lacksSecrets || (values.accessKeyId !== undefined && values.secretAccessKey !== undefined)) return []
  const alone = (['accessKeyId', 'secretAccessKey', 'sessionToken'] as const).find(isGiven)
  return alone === undefined
    ? []
    : [{
      field: alone,
      problem: 'is incomplete',
      remedy: 'Set both "accessKeyId" and "secretAccessKey" (or "secretAccessKeyFile"), or neither.'
    }]
}

function togetherProblems ({ values: { kmsKeyId, encryption, lock }, hasRetention }: GivenFields<
  typeof S3_FIELDS
>): Problems {
  const problems: Problems = []
  if (kmsKeyId !== undefined && encryption !== 'aws:kms') {
    problems.push({
      field: 'kmsKeyId',
      problem: 'is set without the encryption "aws:kms"',
      remedy: 'Add "encryption: aws:kms", or remove it.'
    })
  }
  if (lock !== undefined && !hasRetention) {
    problems.push({
      field: 'lock',
      problem: 'is set without a retention of the store',
      remedy: 'Add "retention" to the store, which defines how long its copies are locked.'
    })
  }
  return problems
}
