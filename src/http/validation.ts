import type { FastifySchemaCompiler } from 'fastify'
import { z } from 'zod'
import { BackupError } from '../core/errors.ts'

const PARTS: Readonly<Record<string, string>> = { body: 'body', params: 'path', querystring: 'query' }

/** Checks a part of a request; its errors carry the zod error as their cause, for the answer's `errors`. */
export const compileValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = '' }) => (data: unknown) => {
  // Fastify says null for no body, and a schema with a default means just that.
  const parsed = schema.safeParse(data ?? undefined)
  if (parsed.success) return { value: parsed.data }
  if (httpPart === 'body' && (data ?? undefined) === undefined) return { error: missingBody() }
  return {
    error: new BackupError('VALIDATION_FAILED', `the ${PARTS[httpPart] ?? httpPart} is not valid`, {
      cause: parsed.error
    })
  }
}

/** The answer has an example of the operation as its hint. */
function missingBody (): BackupError {
  return new BackupError('VALIDATION_FAILED', 'the body is missing', {
    cause: new z.ZodError([{ code: 'custom', path: [], input: undefined, message: 'expected a JSON object' }])
  })
}

/**
 * Answers are made by typed functions; a test holds them against the schemas. Checking each one again would only cost.
 */
export const compileSerializer = () => (data: unknown): string => JSON.stringify(data)
