import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import type { App, Tag } from './route.ts'

const TAGS: Readonly<Record<Tag, string>> = {
  backups: 'Making, reading, proving and removing backups.',
  configuration: 'What can be changed while the service runs.',
  sources: 'What is protected.',
  jobs: 'Work under way.',
  audit: 'Who did what.',
  service: 'For probes and monitoring.'
}

const HEADERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'The same key within 24 hours answers the first outcome and does the work once.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' }
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    required: false,
    description: '`respond-async`: answer 202 with the job at once.',
    schema: { type: 'string' }
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
        description:
          'Backups that are known to restore. Errors are `application/problem+json` (RFC 9457) with a stable `code`.'
      },
      tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
        parameters: HEADERS
      },
      security: [{ bearer: [] }]
    },
    transform: jsonSchemaTransform,
    transformObject: document => tidy(jsonSchemaTransformObject(document) as Document)
  })
}

/** `/openapi.json`, and the same to browse at `/docs`. */
export async function serveDocs (app: App): Promise<void> {
  let text: string | undefined
  app.get('/openapi.json', { config: { role: 'open' }, schema: { hide: true } }, (_request, reply) => {
    reply.type('application/json; charset=utf-8')
    text ??= JSON.stringify(app.swagger())
    return text
  })
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { validatorUrl: null } })
}

interface Operation {
  readonly parameters?: readonly object[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly default?: unknown } }> }
  readonly responses?: object
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
      paths[path][method] = withOptionalBody(withHeaders(method, operation))
    }
  }
  // Each named schema comes a second time, for bodies; we name only what is answered.
  const schemas = Object.entries(document.components?.schemas ?? {}).filter(([name]) => !name.endsWith('Input'))
  return withoutPatterns({
    ...document,
    paths,
    components: { ...document.components, schemas: Object.fromEntries(schemas) }
  })
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

/** A body that has a default may be left out. */
function withOptionalBody (operation: Operation): Operation {
  const { requestBody } = operation
  if (requestBody?.content['application/json']?.schema.default === undefined) return operation
  return { ...operation, requestBody: { ...requestBody, required: false } as Operation['requestBody'] & object }
}

/** `format` and `type` say it where a long expression would only hide it. */
function withoutPatterns (document: Document): Document {
  return JSON.parse(JSON.stringify(document, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('pattern' in value)) return value
    const { pattern, ...rest } = value as { pattern: unknown, format?: string, type?: string }
    return rest.format === 'date-time' || rest.type === 'integer' ? rest : { ...rest, pattern }
  })) as Document
}
