import swagger from '@fastify/swagger'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { BODY_EXAMPLES, EXAMPLES } from './examples.ts'
import type { App, Tag } from './route.ts'

const TAGS: Readonly<Record<Tag, string>> = {
  backups: 'Create, list, verify, restore and remove backups.',
  configuration: 'Settings that can be changed while the service runs.',
  sources: 'Databases that are backed up.',
  jobs: 'Queued, running and recent jobs.',
  audit: 'Audit log.',
  service: 'Health checks and monitoring.'
}

const DESCRIPTION =
  `Backups of databases, verified and tested by restores. Errors are \`application/problem+json\` (RFC 9457) with a stable \`code\`.

Create a token with \`holdfast token create\`, and send it in the header \`Authorization: Bearer …\`.

Responses may gain fields without a new version of the API: ignore unknown fields, and expect new values of every \`enum\` in a response, new error codes and new event names. Existing fields keep their names and meanings. Requests are checked strictly: an unknown key is an error.`

/** Headers of requests that hooks read. */
const HEADERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'Requests with the same key within 24 hours run once and get the response to the first.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' }
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    required: false,
    description: '`respond-async`: respond with 202 and the job immediately.',
    schema: { type: 'string' }
  }
} as const

/** Headers of answers, by the status that they come with. */
const ANSWER_HEADERS: Readonly<Record<string, ReadonlyArray<keyof typeof ANSWERED>>> = {
  202: ['Location', 'Preference-Applied'],
  429: ['Retry-After']
}
const ANSWERED = {
  Location: {
    description: 'The path of the job: `GET` returns its progress.',
    required: true,
    schema: { type: 'string', format: 'uri-reference' },
    example: '/api/jobs/12'
  },
  'Preference-Applied': {
    description: 'The preference that was followed (RFC 7240).',
    required: true,
    schema: { type: 'string' },
    example: 'respond-async'
  },
  'Retry-After': {
    description: 'Seconds after which a retry may succeed, if known.',
    schema: { type: 'string' },
    example: '10'
  }
} as const

/** Collects what the routes say about themselves; to be called before they are registered. */
export async function describeRoutes (app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        version,
        description: DESCRIPTION
      },
      servers: [{ url: '/', description: 'The service that serves this document.' }],
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
        parameters: HEADERS,
        headers: ANSWERED
      },
      security: [{ bearer: [] }]
    },
    transform: jsonSchemaTransform,
    transformObject: document => tidy(jsonSchemaTransformObject(document) as Document)
  })
}

interface Operation {
  readonly operationId?: string
  readonly parameters?: readonly object[]
  readonly requestBody?: {
    readonly required?: boolean
    readonly content: Record<string, { readonly schema: { readonly default?: unknown } }>
  }
  readonly responses?: Readonly<Record<string, Response>>
}

interface Response {
  readonly headers?: Readonly<Record<string, object>>
}

type Document = Record<string, unknown> & {
  readonly paths?: Record<string, Record<string, Operation>>
  readonly components?: Record<string, unknown> & { readonly schemas?: Record<string, unknown> }
}

/** Puts right what the schemas cannot say, or say in a way that helps nobody. */
function tidy (document: Document): Document {
  const paths: Record<string, Record<string, Operation>> = {}
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    paths[path] = {}
    for (const [method, operation] of Object.entries(methods)) {
      paths[path][method] = withBody(withAnswers(withHeaders(method, withOwnId(method, operation))))
    }
  }
  // Each named schema comes a second time, for bodies; we name only what is answered.
  const schemas = Object.entries(document.components?.schemas ?? {}).filter(([name]) => !name.endsWith('Input'))
  return plain({
    ...document,
    paths,
    components: {
      ...document.components,
      schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, withExample(name, open(schema))]))
    }
  })
}

/** HEAD stands beside the GET of the same route, and an id is there once. */
function withOwnId (method: string, operation: Operation): Operation {
  return method === 'head' ? { ...operation, operationId: `${operation.operationId}Headers` } : operation
}

/** Headers that hooks read, and that no schema of a route mentions. */
function withHeaders (method: string, operation: Operation): Operation {
  const names = [
    ...method === 'post' ? ['IdempotencyKey'] : [],
    ...'202' in (operation.responses ?? {}) ? ['Prefer'] : []
  ]
  if (names.length === 0) return operation
  return {
    ...operation,
    parameters: [...operation.parameters ?? [], ...names.map(name => ({ $ref: `#/components/parameters/${name}` }))]
  }
}

/** Answers with the headers of their status, and open to fields that come later. */
function withAnswers (operation: Operation): Operation {
  const responses = Object.entries(operation.responses ?? {}).map(([status, response]): [string, Response] => {
    const names = ANSWER_HEADERS[status]
    const opened = open(response)
    if (names === undefined) return [status, opened]
    const headers = Object.fromEntries(names.map(name => [name, { $ref: `#/components/headers/${name}` }]))
    return [status, { ...opened, headers: { ...opened.headers, ...headers } }]
  })
  return { ...operation, responses: Object.fromEntries(responses) }
}

/** A strict client would break on the first field that is added. */
function open<T> (schema: T): T {
  return mapObjects(
    schema,
    ({ additionalProperties, ...rest }) =>
      additionalProperties === undefined || additionalProperties === false ? rest : { ...rest, additionalProperties }
  )
}

function withExample (name: string, schema: unknown): unknown {
  return name in EXAMPLES ? { ...schema as object, examples: [EXAMPLES[name]] } : schema
}

/** A body with its example. One that has a default may be left out. */
function withBody (operation: Operation): Operation {
  const { requestBody, operationId = '' } = operation
  const json = requestBody?.content['application/json']
  if (requestBody === undefined || json === undefined) return operation
  const required = json.schema.default === undefined
  const content = { ...requestBody.content, 'application/json': { ...json, example: BODY_EXAMPLES[operationId] } }
  return { ...operation, requestBody: { ...requestBody, required, content } }
}

/** Without patterns where `format` and `type` say it, and without a choice of one. */
function plain (document: Document): Document {
  return mapObjects(document, ({ pattern, ...rest }) => {
    const { anyOf, ...others } = rest
    if (Array.isArray(anyOf) && anyOf.length === 1) return { ...others, ...anyOf[0] as object }
    const isPlain = pattern === undefined || rest.format === 'date-time' || rest.type === 'integer'
    return isPlain ? rest : { ...rest, pattern }
  })
}

/** The same value with each object in it changed, from the outside in. */
function mapObjects<T> (value: T, change: (object: Record<string, unknown>) => object): T {
  return JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? change(inner as Record<string, unknown>)
        : inner)
  ) as T
}
