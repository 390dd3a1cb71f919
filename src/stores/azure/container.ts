import { ContainerClient, StorageSharedKeyCredential, type BlockBlobClient } from '@azure/storage-blob'
import { retry } from '../retry.ts'
import { boundAnswers } from './bound-answers.ts'
import { azureError, isPassing } from './errors.ts'
import type { AzureStoreOptions } from './options.ts'

/** What one request may take: enough for a block over a line of 10 KB a second. Milliseconds. */
const REQUEST_MS = 15 * 60_000

/** The container, and the one way to ask it for something. */
export interface Container {
  readonly options: AzureStoreOptions
  /** For people. */
  readonly place: string
  readonly client: ContainerClient
  blob(key: string): BlockBlobClient
  /**
   * Makes the request, again where that can help, five times at most. Rejects with the signal's reason, or with a
   * BackupError about the object `key`, or about the container where that is empty.
   */
  call<T>(
    key: string,
    signal: AbortSignal,
    request: (options: { readonly abortSignal: AbortSignal }) => Promise<T>
  ): Promise<T>
}

export function openContainer (options: AzureStoreOptions): Container {
  const { account, key: secret, container, prefix, clock } = options
  const base = options.endpoint ?? `https://${account}.blob.core.windows.net`
  const place = `azure://${account}/${container}/${prefix}`
  // How often and when it is tried again is decided in retry.ts.
  const client = new ContainerClient(`${base}/${container}`, new StorageSharedKeyCredential(account, secret.reveal()), {
    httpClient: boundAnswers,
    retryOptions: { maxTries: 1 }
  })
  return {
    options,
    place,
    client,
    blob: key => client.getBlockBlobClient(prefix + key),
    async call (key, signal, request) {
      try {
        return await retry({ clock, signal, limit: REQUEST_MS, isPassing }, abortSignal => request({ abortSignal }))
      } catch (error) {
        signal.throwIfAborted()
        throw azureError(error, key, place)
      }
    }
  }
}
