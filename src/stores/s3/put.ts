import { randomUUID } from 'node:crypto'
import { addAbortSignal, type Readable } from 'node:stream'
import type { ObjectFacts, StoredObject } from '../../core/ports/store.ts'
import { splitIntoParts } from '../multipart.ts'
import type { Bucket } from './bucket.ts'
import type { Put } from './publish.ts'
import { putParts } from './put-parts.ts'
import { putWhole } from './put-whole.ts'

/** See `Store.put`. A body that fits into one part is one request; every other goes up in parts, of any number. */
export async function putObject (
  bucket: Bucket,
  key: string,
  body: Readable,
  facts: ObjectFacts,
  signal: AbortSignal
): Promise<StoredObject> {
  signal.throwIfAborted()
  // Where parts fail the body has to end, too, and with a reason of its own: it may be waiting for bytes that never
  // come.
  const stop = new AbortController()
  const put: Put = {
    bucket,
    key,
    facts,
    id: randomUUID(),
    body: splitIntoParts(addAbortSignal(AbortSignal.any([signal, stop.signal]), body), facts)
  }
  try {
    const first = await put.body.parts.next()
    return first.value?.isLast === true
      ? await putWhole(put, first.value.bytes, signal)
      : await putParts(put, first.value, stop, signal)
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    body.destroy()
  }
}
