import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart
} from '@aws-sdk/client-s3'
import { cleanupSignal } from '../../core/cleanup-signal.ts'
import { BackupError } from '../../core/errors.ts'
import type { StoredObject } from '../../core/ports/store.ts'
import { base64Crc32, type UploadPart } from '../multipart.ts'
import { isUnknownToStore, s3Name } from './errors.ts'
import { sweepUploadsOf } from './leftovers.ts'
import { objectFacts, publish, requireFree, type Put, type Receipt } from './publish.ts'
import { digestFor, proveReceipt, proveWhole } from './receipt.ts'

/**
 * Bytes of parts that may be on their way at the same time, at least one part; another one is being filled meanwhile.
 */
const IN_FLIGHT = 32 * 1024 * 1024

interface Upload {
  readonly put: Put
  readonly id: string
}

/**
 * Puts a body part by part, from memory. A part that fails is sent again; what fails for good stops the body by `stop`
 * and gives the upload up, so that no parts stay behind.
 */
export async function putParts (
  put: Put,
  first: UploadPart | undefined,
  stop: AbortController,
  signal: AbortSignal
): Promise<StoredObject> {
  // A name that is taken would otherwise be found out after gigabytes.
  await requireFree(put, signal)
  const upload = await begin(put, signal)
  let stored: StoredObject
  try {
    const parts = await sendAll(upload, first, stop, signal)
    stored = await complete(upload, parts, signal)
  } catch (error) {
    await abortUpload(upload)
    // The name was taken meanwhile, and whoever took it swept all other uploads to it.
    if (!signal.aborted && s3Name(error) === 'NoSuchUpload') await requireFree(put, signal)
    throw error
  }
  await sweepUploadsOf(put.bucket, put.key)
  return stored
}

async function begin (put: Put, signal: AbortSignal): Promise<Upload> {
  const { bucket, key } = put
  const { UploadId: id } = await bucket.call(
    key,
    signal,
    (client, options) =>
      client.send(
        new CreateMultipartUploadCommand({
          ...bucket.at(key),
          ...objectFacts(put),
          ...bucket.options.profile === 'aws' ? { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } : {}
        }),
        options
      )
  )
  if (id === undefined) {
    throw new BackupError('STORE_FAILED', `the store did not start an upload of "${key}"`, {
      hint: 'The response has no UploadId: check whether the endpoint is an S3 store.'
    })
  }
  return { put, id }
}

async function sendAll (
  { put, id }: Upload,
  first: UploadPart | undefined,
  stop: AbortController,
  signal: AbortSignal
): Promise<readonly CompletedPart[]> {
  const parts: CompletedPart[] = []
  const underWay = new Set<Promise<void>>()
  const together = AbortSignal.any([signal, stop.signal])
  // Whatever fails first is the reason, and what the abort breaks afterwards changes it no more.
  const fail = (error: unknown): void => {
    stop.abort(error)
  }
  for (
    let part = first;
    part !== undefined && !stop.signal.aborted;
    part = await nextPart(put).catch(fail) ?? undefined
  ) {
    const one = part
    const sent = send({ put, id }, one, together).then(done => {
      parts[done.PartNumber - 1] = done
    }, fail).finally(() => {
      underWay.delete(sent)
      put.body.reuse(one)
    })
    underWay.add(sent)
    while (underWay.size * part.bytes.length > IN_FLIGHT) await Promise.race(underWay)
  }
  await Promise.all(underWay)
  stop.signal.throwIfAborted()
  return parts
}

async function nextPart ({ body }: Put): Promise<UploadPart | undefined> {
  return (await body.parts.next()).value
}

async function send (
  { put: { bucket, key }, id }: Upload,
  { number, bytes }: UploadPart,
  signal: AbortSignal
): Promise<CompletedPart & { readonly PartNumber: number }> {
  const digest = digestFor(bytes, bucket.options)
  const answer = await bucket.call(key, signal, (client, options) =>
    client.send(
      new UploadPartCommand({
        ...bucket.at(key),
        UploadId: id,
        PartNumber: number,
        Body: bytes,
        ContentLength: bytes.length,
        ...digest
      }),
      options
    ))
  proveReceipt(answer, bytes, `part ${number} of "${key}"`)
  return {
    PartNumber: number,
    ETag: answer.ETag,
    ...answer.ChecksumCRC32 === undefined ? {} : { ChecksumCRC32: answer.ChecksumCRC32 }
  }
}

async function complete (
  { put, id }: Upload,
  parts: readonly CompletedPart[],
  signal: AbortSignal
): Promise<StoredObject> {
  const { bucket, key, facts, body } = put
  const isCompatible = bucket.options.profile === 'compatible'
  const finish = (isConditional: boolean): Promise<Receipt> =>
    bucket.call(key, signal, (client, options) =>
      client.send(
        new CompleteMultipartUploadCommand({
          ...bucket.at(key),
          UploadId: id,
          MultipartUpload: { Parts: [...parts] },
          ...isCompatible
            ? {}
            : { ChecksumCRC32: base64Crc32(body.crc32()), ChecksumType: 'FULL_OBJECT', MpuObjectSize: body.size() },
          ...isConditional ? { IfNoneMatch: '*' } : {}
        }),
        options
      ))

  if (isCompatible) await requireFree(put, signal)
  const request = async (): Promise<Receipt> => {
    try {
      return await finish(facts.replace !== true)
    } catch (error) {
      if (!isCompatible || facts.replace === true || !isUnknownToStore(error)) throw error
      return await finish(false)
    }
  }
  const etags = parts.map(({ ETag = '' }) => ETag)
  return await publish(put, {
    request,
    prove: receipt => {
      proveWhole(receipt, etags, body.crc32(), `"${key}"`)
    }
  }, signal)
}

/** What cannot be taken back now is swept at a later start. */
async function abortUpload ({ put: { bucket, key }, id }: Upload): Promise<void> {
  await bucket.call(
    key,
    cleanupSignal(),
    (client, options) => client.send(new AbortMultipartUploadCommand({ ...bucket.at(key), UploadId: id }), options)
  ).catch(() => {})
}
