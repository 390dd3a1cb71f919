import { Readable } from 'node:stream'
import { BackupError } from '../../core/errors.ts'
import type { ByteRange } from '../../core/ports/store.ts'
import { readWhole } from '../resumable-read.ts'
import type { Bucket } from './bucket.ts'
import { gcsError } from './errors.ts'
import { head } from './head.ts'

const STARTS_AT = /^bytes (\d+)-/

/** See `Store.get`. The bytes are those of the object that stood there when it was asked for, or it errors. */
export async function getObject (
  bucket: Bucket,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal
): Promise<Readable> {
  const { size, generation } = await head(bucket, key, signal)
  const what = `"${key}" in "${bucket.place}"`
  return await readWhole({
    what,
    size,
    range,
    clock: bucket.options.clock,
    translate: error => gcsError(error, key, bucket.place),
    async open (start, end, together) {
      const answer = await bucket.ask(key, together, {
        method: 'GET',
        url: bucket.urls.object(key),
        query: { alt: 'media', generation },
        // As it is kept: nothing on the way is to compress what would then be counted wrongly.
        headers: { range: `bytes=${start}-${end}`, 'accept-encoding': 'identity' }
      }).catch((error: unknown) => {
        throw isGone(error) ? replaced(what, error) : error
      })
      const [, from] = STARTS_AT.exec(answer.headers.get('content-range') ?? '') ?? []
      if (answer.body === null || Number(from) !== start) {
        throw new BackupError('STORE_FAILED', `the store returned different bytes of ${what} than requested`, {
          hint: 'Check proxies and gateways between this machine and the store: they must support range requests.'
        })
      }
      return Readable.fromWeb(answer.body)
    }
  }, signal)
}

/** That one was there a moment ago: another has its name now, or none. */
function isGone (error: unknown): error is BackupError {
  return error instanceof BackupError && error.code === 'OBJECT_NOT_FOUND'
}

function replaced (what: string, cause: BackupError): BackupError {
  return new BackupError('STORE_FAILED', `${what} was replaced while it was read`, { hint: 'Retry.', cause })
}
