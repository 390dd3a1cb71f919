import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault
} from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { z } from 'zod'
import { BackupError, ERRORS, type ErrorCode } from '../core/errors.ts'
import type { JobKind } from '../core/job.ts'
import { PROBLEM_TYPE } from './errors.ts'
import { BODY_EXAMPLES } from './examples.ts'
import { problemSchema } from './schemas/common.ts'
import type { Role } from './roles.ts'

/** Fastify as the routes see it: what a schema says is what a handler gets. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>

export type Tag = 'backups' | 'configuration' | 'sources' | 'jobs' | 'audit' | 'service'

interface Doc {
  /** The name of the operation in the clients that are generated: a verb and a noun. It never changes. */
  readonly operationId: string
  readonly tag: Tag
  readonly summary: string
  readonly description?: string
  /** What it does, in the words of the command line, for the audit log; only reading has none. */
  readonly action?: string
  /** The kind of job that it starts: whoever may call it may cancel one. What answers 202 cannot leave it out. */
  readonly starts?: JobKind
  /** What asks for a higher role than the route does: as a sentence, and for one request. */
  readonly needs?: { readonly says: string, readonly role: (request: FastifyRequest) => Role | Promise<Role> }
  /** By status: the schema of a JSON body, or another media type with what it holds. */
  readonly answers: Readonly<Record<number, z.ZodType | Media>>
  /** What can go wrong beyond a bad token, a bad request, too many requests and the unexpected. */
  readonly errors?: readonly ErrorCode[]
}

interface Media {
  readonly description: string
  readonly content: Readonly<Record<string, { readonly schema: z.ZodType }>>
}

interface Inputs {
  readonly params?: z.ZodType
  readonly querystring?: z.ZodType
  readonly body?: z.ZodType
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Created.',
  202: 'Accepted; the job has the progress and the result.',
  503: 'Temporarily not available.'
}

/** The options of a route: who may call it, what it takes, and all that the contract says about it. */
export function route<const I extends Inputs> (role: Role | 'open', doc: Doc, inputs: I = {} as I) {
  if (202 in doc.answers && doc.starts === undefined) {
    throw new BackupError('INTERNAL', `the route "${doc.summary}" responds with a job without declaring its kind`)
  }
  const asked = Object.keys(inputs).length > 0
  const codes: ErrorCode[] = [
    ...role === 'open' ? [] : ['UNAUTHORIZED', 'FORBIDDEN'] as const,
    ...asked ? ['VALIDATION_FAILED'] as const : [],
    ...inputs.body === undefined ? [] : ['BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED'] as const,
    ...doc.errors ?? [],
    ...role === 'open' ? [] : ['RATE_LIMITED'] as const,
    ...doc.starts === undefined ? [] : ['QUEUE_FULL'] as const,
    'INTERNAL'
  ]
  const response = problems(codes)
  for (const [status, answer] of Object.entries(doc.answers)) {
    response[Number(status)] = 'content' in answer ? answer : jsonOf(answer, Number(status))
  }
  return {
    config: {
      role,
      ...doc.action === undefined ? {} : { action: doc.action },
      ...doc.starts === undefined ? {} : { starts: doc.starts },
      ...doc.needs === undefined ? {} : { needs: doc.needs.role },
      ...inputs.body === undefined ? {} : { bodyExample: BODY_EXAMPLES[doc.operationId] }
    },
    schema: {
      ...inputs,
      operationId: doc.operationId,
      tags: [doc.tag],
      summary: doc.summary,
      description: [doc.description, role === 'open' ? 'No token needed.' : `Role: ${role}.`, doc.needs?.says].filter(
        Boolean
      ).join(' '),
      ...role === 'open' ? { security: [] } : {},
      response
    }
  }
}

function jsonOf (schema: z.ZodType, status: number): Media {
  return { description: DESCRIPTIONS[status] ?? 'Done.', content: { 'application/json': { schema } } }
}

/** Several codes can share one status; its description then explains each. */
function problems (codes: readonly ErrorCode[]): Record<number, Media> {
  const byStatus = Map.groupBy(new Set(codes), code => ERRORS[code].status)
  return Object.fromEntries([...byStatus].map(([status, shared]) => [status, {
    description: shared.map(code => `\`${code}\`: ${ERRORS[code].title}.`).join(' '),
    content: { [PROBLEM_TYPE]: { schema: problemSchema } }
  }]))
}
