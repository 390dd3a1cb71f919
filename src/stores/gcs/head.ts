import { z } from 'zod'
import { BackupError } from '../../core/errors.ts'
import type { StoredObject } from '../../core/ports/store.ts'
import { readText, type Bucket } from './bucket.ts'
import { gcsError } from './errors.ts'

/** Names what is kept with an object of ours: the put that made it, and the SHA-256 of its body. */
export const PUT_ID = 'holdfast-put'
export const SHA256 = 'sha256'

/** What the service tells of an object, as far as we ask. */
export const resourceSchema = z.object({
  name: z.string(),
  size: z.string().regex(/^\d+$/).transform(Number),
  timeCreated: z.iso.datetime({ offset: true }).transform(text => new Date(text)),
  generation: z.string(),
  /** In base64; an object that was composed of others has none. */
  md5Hash: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional()
})

export type Resource = z.infer<typeof resourceSchema>
export const RESOURCE_FIELDS = 'name,size,timeCreated,generation,md5Hash,metadata'

/**
 * What the store tells of an object. Throws `OBJECT_NOT_FOUND`, and `STORE_UNAVAILABLE` where it is the bucket that is
 * gone.
 */
export async function head (bucket: Bucket, key: string, signal: AbortSignal): Promise<Resource> {
  const found = await findHead(bucket, key, signal)
  if (found !== undefined) return found
  await requireBucket(bucket, signal)
  throw new BackupError('OBJECT_NOT_FOUND', `"${key}" in "${bucket.place}" does not exist`, {
    hint: 'Check the bucket: another user or a lifecycle rule removed the object.'
  })
}

/** The same for who asks whether there is one: undefined where there is none. */
export async function findHead (bucket: Bucket, key: string, signal: AbortSignal): Promise<Resource | undefined> {
  try {
    const answer = await bucket.ask(key, signal, {
      method: 'GET',
      url: bucket.urls.object(key),
      query: { fields: RESOURCE_FIELDS }
    })
    return await readAnswer(resourceSchema, answer, bucket)
  } catch (error) {
    if (error instanceof BackupError && error.code === 'OBJECT_NOT_FOUND') return undefined
    throw error
  }
}

/** The answer is the same for an object and for a bucket that is not there: throws `STORE_UNAVAILABLE` for this one. */
export async function requireBucket (bucket: Bucket, signal: AbortSignal): Promise<void> {
  const answer = await bucket.ask('', signal, {
    method: 'GET',
    url: bucket.urls.objects,
    query: { maxResults: '1', fields: 'nextPageToken' }
  })
  await answer.body?.cancel()
}

export function toStored ({ name, size, timeCreated }: Resource, { options }: Bucket): StoredObject {
  return { key: name.slice(options.prefix.length), size, modifiedAt: timeCreated }
}

/** What an answer says; throws `STORE_FAILED` where it says something else. */
/** An answer in JSON, up to the limit of answers. `STORE_FAILED`, or what the network says, in our own codes. */
export async function readAnswer<T> (schema: z.ZodType<T>, answer: Response, bucket: Bucket): Promise<T> {
  let text: string
  try {
    text = await readText(answer)
  } catch (error) {
    throw gcsError(error, '', bucket.place)
  }
  return read(schema, parsed(text), bucket)
}

/** undefined: it is no JSON. */
function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The same for what was parsed. */
export function read<T> (schema: z.ZodType<T>, answer: unknown, { place }: Bucket): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new BackupError('STORE_FAILED', `the store "${place}" sent a response that cannot be parsed`, {
    hint: 'Check proxies and gateways between this machine and the store.',
    cause: parsed.error
  })
}
