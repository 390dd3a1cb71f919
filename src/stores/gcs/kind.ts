import { path, text } from '../../core/ports/field.ts'
import { storeKind, storeOption } from '../../core/ports/store-kind.ts'
import {
  ENDPOINT_FIELDS,
  ENDPOINT_PARAMETERS,
  endpointOf,
  endpointProblems,
  endpointQuery,
  formatUrl,
  hostOf,
  isInsecure,
  prefixOf
} from '../endpoint.ts'
import { container, prefix } from '../fields.ts'
import type { GcsStoreOptions } from './options.ts'

const FIELDS = { bucket: container, prefix, keyFile: path, ...ENDPOINT_FIELDS } as const

const OPTIONS = {
  gcsBucket: storeOption(
    text,
    'BACKUP_GCS_BUCKET',
    'A bucket of Google Cloud Storage to which each backup is copied. It defines the store "gcs".',
    'bucket'
  ),
  googleCredentials: storeOption(
    path,
    'GOOGLE_APPLICATION_CREDENTIALS',
    'JSON key file of the service account. Default: the credentials that the Google SDK finds.'
  )
} as const

/** What a store is made with: all that is not the same for every store of a process. */
export type GcsValues = Omit<GcsStoreOptions, 'name' | 'clock'>

export const gcsKind = storeKind<typeof FIELDS, typeof OPTIONS, GcsValues>({
  name: 'gcs',
  label: 'Google Cloud Storage',
  fields: FIELDS,
  required: { bucket: 'Set the name of the bucket.' },
  options: OPTIONS,
  isDirectory: false,
  canThaw: false,
  complete: ({ bucket, prefix = '', keyFile, endpoint }, { googleCredentials }) => ({
    bucket,
    prefix,
    keyFile: keyFile ?? googleCredentials,
    endpoint
  }),
  validate: given => endpointProblems(given),
  url: {
    schemes: ['gs', 'gcs'],
    form: 'gs://bucket/prefix',
    parameters: ENDPOINT_PARAMETERS,
    parse: (parts, { googleCredentials }) => ({
      bucket: parts.check(container, hostOf(parts), 'the bucket'),
      prefix: prefixOf(parts, parts.url.pathname),
      keyFile: googleCredentials,
      endpoint: endpointOf(parts)
    }),
    format: ({ bucket, prefix, endpoint }) => formatUrl(`gs://${bucket}`, prefix, endpointQuery(endpoint))
  },
  place: ({ bucket, prefix }) => `gs://${bucket}/${prefix}`,
  identity: ({ endpoint, bucket, prefix }) => ({ root: `gcs ${endpoint ?? ''} ${bucket}`, path: prefix }),
  paths: () => [],
  isInsecure: ({ endpoint }) => isInsecure(endpoint),
  secretFiles: ({ keyFile }, { googleCredentials }) =>
    keyFile === undefined || keyFile !== googleCredentials ? [] : [{ option: 'googleCredentials', path: keyFile }],
  make: async (name, values, { clock }) => (await import('./gcs.ts')).gcsStore({ ...values, name, clock })
})
