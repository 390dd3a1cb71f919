import { text as readAll } from 'node:stream/consumers'
import { toHttpHeadersLike } from '@azure/core-http-compat'
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineRequest,
  type RequestBodyType
} from '@azure/core-rest-pipeline'
import type { IHttpClient } from '@azure/storage-blob'
import { boundedStream } from '../answer.ts'

const client = createDefaultHttpClient()
/** The client hands out the body as a stream, whatever the status. */
const ANY_STATUS = new Set([Number.POSITIVE_INFINITY])

/**
 * The client of the SDK with one difference: an answer that is no content of an object is read up to the limit of
 * answers. Beyond it the request rejects with `AnswerTooLong`, and its connection is closed.
 */
export const boundAnswers: IHttpClient = {
  async sendRequest (request) {
    const sent = createPipelineRequest({
      url: request.url,
      method: request.method,
      headers: createHttpHeaders(request.headers.toJson({ preserveCase: true })),
      body: request.body as RequestBodyType,
      requestId: request.requestId,
      allowInsecureConnection: true,
      streamResponseStatusCodes: ANY_STATUS,
      ...request.abortSignal !== undefined && { abortSignal: request.abortSignal }
    })
    // That of a proxy. `createPipelineRequest` leaves it out.
    if (request.agent !== undefined) sent.agent = request.agent
    const { status, headers, readableStreamBody: body } = await client.sendRequest(sent)
    const answer = { request, status, headers: toHttpHeadersLike(headers) }
    if (body === undefined) return answer
    if (request.streamResponseStatusCodes?.has(status) === true) return { ...answer, readableStreamBody: body }
    return { ...answer, bodyAsText: await readAll(boundedStream(body as AsyncIterable<Uint8Array>)) }
  }
}
