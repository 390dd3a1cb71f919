import { concealed, text } from '../../core/ports/field.ts'
import { storeKind, storeOption } from '../../core/ports/store-kind.ts'
import { Secret } from '../../core/secret.ts'
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
import type { AzureStoreOptions } from './options.ts'

const FIELDS = { container, prefix, account: container, key: concealed(1), ...ENDPOINT_FIELDS } as const

const OPTIONS = {
  azureContainer: storeOption(
    text,
    'BACKUP_AZURE_CONTAINER',
    'A container of Azure Blob Storage to which each backup is copied. It defines the store "azure".',
    'container'
  ),
  azureStorageAccount: storeOption(text, 'AZURE_STORAGE_ACCOUNT', 'The storage account of the container.'),
  azureStorageKey: storeOption(concealed(1), 'AZURE_STORAGE_KEY', 'The key of the storage account.')
} as const

/** What a store is made with: all that is not the same for every store of a process. */
export type AzureValues = Omit<AzureStoreOptions, 'name' | 'clock'>

export const azureKind = storeKind<typeof FIELDS, typeof OPTIONS, AzureValues>({
  name: 'azure',
  label: 'Azure Blob Storage',
  fields: FIELDS,
  required: {
    container: 'Set the name of the container.',
    account: 'Set the name of the storage account as "account", or with AZURE_STORAGE_ACCOUNT.',
    key: 'Set the key of the storage account as "key" or "keyFile", or with AZURE_STORAGE_KEY.'
  },
  options: OPTIONS,
  isDirectory: false,
  canThaw: true,
  complete: (
    { container, prefix = '', account, key, endpoint },
    { azureStorageAccount, azureStorageKey },
    lacksSecrets
  ) => ({
    container,
    prefix,
    account: account ?? azureStorageAccount,
    // Never used: a store that lacks a secret refuses everything.
    key: key ?? azureStorageKey ?? (lacksSecrets ? new Secret('') : undefined),
    endpoint
  }),
  validate: given => endpointProblems(given),
  url: {
    schemes: ['azure'],
    form: 'azure://account/container/prefix',
    parameters: ENDPOINT_PARAMETERS,
    parse: (parts, { azureStorageAccount, azureStorageKey }) => {
      const { url, check, refuse } = parts
      const account = check(FIELDS.account, hostOf(parts), 'the account')
      const [, name = '', ...rest] = url.pathname.split('/')
      if (azureStorageKey === undefined) {
        return refuse(
          `there is no key for the storage account "${account}"`,
          'Set AZURE_STORAGE_KEY or AZURE_STORAGE_KEY_FILE.'
        )
      }
      if (azureStorageAccount !== undefined && azureStorageAccount !== account) {
        return refuse(
          `the key in AZURE_STORAGE_KEY belongs to the account "${azureStorageAccount}", not to "${account}"`,
          'Set AZURE_STORAGE_ACCOUNT and AZURE_STORAGE_KEY to those of the account in the URL.'
        )
      }
      return {
        container: check(container, decodeURIComponent(name), 'the container'),
        prefix: prefixOf(parts, rest.join('/')),
        account,
        key: azureStorageKey,
        endpoint: endpointOf(parts)
      }
    },
    format: ({ account, container, prefix, endpoint }) =>
      formatUrl(`azure://${account}/${container}`, prefix, endpointQuery(endpoint))
  },
  place: ({ account, container, prefix }) => `azure://${account}/${container}/${prefix}`,
  identity: ({ endpoint, account, container, prefix }) => ({
    root: `azure ${endpoint ?? account} ${container}`,
    path: prefix
  }),
  paths: () => [],
  isInsecure: ({ endpoint }) => isInsecure(endpoint),
  make: async (name, values, { clock }) => (await import('./azure.ts')).azureStore({ ...values, name, clock })
})
