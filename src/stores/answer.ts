import { Readable } from 'node:stream'

/**
 * A store's answer that is no content of an object is read up to so many bytes: a page of the longest list there can be
 * has half of that.
 */
export const ANSWER_LIMIT = 16 * 1024 * 1024

/**
 * A store answers more than any honest one would. It has what the SDK of S3 asks of an error, which else puts words of
 * its own into the message.
 */
export class AnswerTooLong extends Error {
  readonly $metadata = {}
  override readonly name = 'AnswerTooLong'

  constructor () {
    super(`more than ${ANSWER_LIMIT} bytes`)
  }
}

/** The same bytes, up to the limit; then it throws `AnswerTooLong`, and the source is destroyed. */
export async function* bounded (body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > ANSWER_LIMIT) throw new AnswerTooLong()
    yield chunk
  }
  return undefined
}

/** An answer as a stream that breaks with `AnswerTooLong` beyond the limit. */
export function boundedStream (body: AsyncIterable<Uint8Array>): Readable {
  return Readable.from(bounded(body), { objectMode: false })
}
