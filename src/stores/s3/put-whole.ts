import { PutObjectCommand } from '@aws-sdk/client-s3'
import type { StoredObject } from '../../core/ports/store.ts'
import { isUnknownToStore } from './errors.ts'
import { objectFacts, publish, requireFree, type Put, type Receipt } from './publish.ts'
import { digestFor, proveReceipt } from './receipt.ts'

/** Puts a body that is in memory whole. */
export async function putWhole (put: Put, bytes: Buffer, signal: AbortSignal): Promise<StoredObject> {
  const { bucket, key, facts } = put
  const isCompatible = bucket.options.profile === 'compatible'
  const send = (isConditional: boolean): Promise<Receipt> =>
    bucket.call(key, signal, (client, options) =>
      client.send(
        new PutObjectCommand({
          ...bucket.at(key),
          ...objectFacts(put),
          ...digestFor(bytes, bucket.options),
          ...isConditional ? { IfNoneMatch: '*' } : {},
          Body: bytes,
          ContentLength: bytes.length
        }),
        options
      ))

  // More than to ask beforehand cannot be had from a store that knows no conditions, or that ignores them.
  if (isCompatible) await requireFree(put, signal)
  const request = async (): Promise<Receipt> => {
    try {
      return await send(facts.replace !== true)
    } catch (error) {
      if (!isCompatible || facts.replace === true || !isUnknownToStore(error)) throw error
      return await send(false)
    }
  }
  return await publish(put, {
    request,
    prove: receipt => {
      proveReceipt(receipt, bytes, `"${key}"`)
    }
  }, signal)
}
