import { Readable } from 'node:stream'
import { BackupError } from '../../core/errors.ts'
import type { ByteRange } from '../../core/ports/store.ts'
import { readWhole } from '../resumable-read.ts'
import type { Container } from './container.ts'
import { azureError } from './errors.ts'
import { head } from './head.ts'

/** See `Store.get`. Rejects with `OBJECT_ARCHIVED` and a hint how long it takes. */
export async function getBlob (
  container: Container,
  key: string,
  range: ByteRange | undefined,
  signal: AbortSignal
): Promise<Readable> {
  const { object: { size, archived }, etag } = await head(container, key, signal)
  const what = `"${key}" in "${container.place}"`
  if (archived !== undefined) throw archivedError(what, archived)
  return await readWhole({
    what,
    size,
    range,
    clock: container.options.clock,
    translate: error => azureError(error, key, container.place),
    async open (start, end, together) {
      const answer = await container.call(
        key,
        together,
        () =>
          container.blob(key).download(start, end - start + 1, {
            abortSignal: together,
            conditions: { ifMatch: etag },
            maxRetryRequests: 0
          })
      )
        .catch((error: unknown) => {
          throw isReplaced(error) ? replaced(what, error) : error
        })
      const body = answer.readableStreamBody
      if (body === undefined) throw new BackupError('STORE_FAILED', `the store returned no content of ${what}`)
      return body instanceof Readable ? body : new Readable().wrap(body)
    }
  }, signal)
}

/** The condition says that it must be the same one still. */
function isReplaced (error: unknown): error is BackupError {
  return error instanceof BackupError && error.code === 'OBJECT_EXISTS'
}

function replaced (what: string, cause: BackupError): BackupError {
  return new BackupError('STORE_FAILED', `${what} was replaced while it was read`, { hint: 'Retry.', cause })
}

function archivedError (
  what: string,
  { storageClass, hours, isThawing }: {
    readonly storageClass: string
    readonly hours: number
    readonly isThawing: boolean
  }
): BackupError {
  return new BackupError('OBJECT_ARCHIVED', `${what} is in the access tier "${storageClass}" and cannot be read yet`, {
    hint: isThawing
      ? `A thaw was requested: the object is readable within ${hours} hours.`
      : `Request a thaw: the object is then readable within ${hours} hours.`,
    details: { storageClass, hours }
  })
}
