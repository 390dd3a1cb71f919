import type { S3Client } from '@aws-sdk/client-s3'
import { boundedStream } from '../answer.ts'

interface Answer {
  readonly statusCode: number
  body?: unknown
}

/**
 * The answers of the client break off beyond the limit of answers, before they are read into memory; only the content
 * of an object has any length.
 */
export function boundAnswers (client: S3Client): void {
  client.middlewareStack.add((next, context) => async args => {
    const result = await next(args)
    const answer = result.response as Answer
    const isContent = context['commandName'] === 'GetObjectCommand' && answer.statusCode < 300
    if (!isContent && isIterable(answer.body)) answer.body = boundedStream(answer.body)
    return result
    // The innermost of its step: what comes of it is what the SDK parses.
  }, { step: 'deserialize', priority: 'low', name: 'boundAnswers' })
}

function isIterable (body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}
