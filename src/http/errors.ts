import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { BackupError, ERRORS, toBackupError, type ErrorCode } from '../core/errors.ts'

export const PROBLEM_TYPE = 'application/problem+json'

/** What Fastify itself refuses, by the status that it would answer. */
const OWN: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  400: ['VALIDATION_FAILED', 'the request is malformed'],
  // What looks for a way out of the directory of the documentation.
  403: ['NOT_FOUND', 'no such endpoint'],
  404: ['NOT_FOUND', 'no such endpoint'],
  413: ['BODY_TOO_LARGE', 'the request body is too large'],
  414: ['VALIDATION_FAILED', 'the URL is too long'],
  415: ['MEDIA_TYPE_UNSUPPORTED', 'the media type is not supported'],
  503: ['SHUTTING_DOWN', 'the service is stopping']
}

/** Headers that describe a body which an error then takes the place of. */
const OF_THE_BODY = ['content-length', 'content-range', 'content-disposition', 'accept-ranges', 'etag', 'last-modified']

/** Seconds after which there may be room in the queue again. */
const RETRY_QUEUE = '10'

declare module 'fastify' {
  interface FastifyRequest {
    /** The error that was answered. */
    fault: BackupError | null
  }
  interface FastifyContextConfig {
    /** Completes `"key" …` in the answer to a body that has a key too many. */
    unknownKey?: (key: string) => string
    /** A body that the route takes: the hint in the answer to a request without one. */
    bodyExample?: unknown
  }
}

/** Answers every error as RFC 9457 has it, and logs those that are ours to explain. */
export function answerErrors (app: FastifyInstance): void {
  app.decorateRequest('fault', null)
  app.setErrorHandler((error, request, reply) => {
    sendProblem(error, request, reply)
  })
}

export function sendProblem (error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const fault = translate(error)
  const { status } = ERRORS[fault.code]
  request.fault = fault
  if (fault.code === 'QUEUE_FULL') reply.header('retry-after', RETRY_QUEUE)
  if (status >= 500) request.log.error({ err: error, code: fault.code }, 'the request failed')
  for (const header of OF_THE_BODY) {
    if (fault.code !== 'RANGE_NOT_SATISFIABLE' || header !== 'content-range') reply.removeHeader(header)
  }
  reply.code(status).type(PROBLEM_TYPE).send(JSON.stringify(problem(fault, request)))
}

/** Below 500 the caller sees what happened and what to do; above, only what kind of thing it was. */
function problem (fault: BackupError, request: FastifyRequest): object {
  const { status, title } = ERRORS[fault.code]
  const shown = status < 500
  const hint = fault.hint ?? hintOfBody(fault, request)
  const body = {
    type: `urn:holdfast:error:${fault.code}`,
    title,
    status,
    detail: shown ? fault.message : title,
    instance: pathOf(request.url),
    success: false,
    code: fault.code,
    ...shown && hint !== undefined ? { hint } : {},
    requestId: request.id,
    ...fault.cause instanceof z.ZodError && shown
      ? { errors: problemsOf(fault.cause, request.routeOptions.config.unknownKey) }
      : {}
  }
  if (!shown) return body
  const extras = Object.entries(fault.details ?? {}).filter(([key]) => !(key in body))
  return { ...body, ...Object.fromEntries(extras) }
}

/** undefined: the body is not missing, or the route takes none. */
function hintOfBody ({ cause }: BackupError, { body, routeOptions }: FastifyRequest): string | undefined {
  const isMissing = (body ?? undefined) === undefined && cause instanceof z.ZodError &&
    cause.issues.some(({ path }) => path.length === 0)
  const bodyExample = isMissing ? routeOptions.config.bodyExample : undefined
  if (bodyExample === undefined) return undefined
  return `Send a JSON object, for example ${JSON.stringify(bodyExample)}, with "Content-Type: application/json".`
}

function problemsOf (
  error: z.ZodError,
  unknownKey = (key: string) => `unknown key "${key}"`
): { path: string, message: string }[] {
  return error.issues.flatMap(issue => {
    if (issue.code !== 'unrecognized_keys') return { path: issue.path.join('.'), message: issue.message }
    return issue.keys.map(key => ({ path: [...issue.path, key].join('.'), message: unknownKey(key) }))
  })
}

function translate (error: unknown): BackupError {
  if (error instanceof BackupError) return error
  // Only what Fastify raises itself: a foreign error may well carry a status that was meant for somebody else.
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('FST_') && 'statusCode' in error) {
    const own = OWN[Number(error.statusCode)]
    if (own !== undefined) return new BackupError(own[0], own[1], { cause: error })
  }
  return toBackupError(error)
}

export function pathOf (url: string): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}
