import type { FastifySchemaCompiler } from 'fastify'
import type { z } from 'zod'
import { BackupError } from '../core/errors.ts'

const PARTS: Readonly<Record<string, string>> = { body: 'body', params: 'path', querystring: 'query' }

/** Checks a part of a request; its errors carry the zod error as their cause, for the answer's `errors`. */
export const compileValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = '' }) => (data: unknown) => {
  // Fastify says null for no body, and a schema with a default means just that.
  const parsed = schema.safeParse(data ?? undefined)
  if (parsed.success) return { value: parsed.data }
  return {
    error: new BackupError('VALIDATION_FAILED', `the ${PARTS[httpPart] ?? httpPart} is not valid`, {
      cause: parsed.error
    })
  }
}

/**
 * Answers are made by typed functions; a test holds them against the schemas. Checking each one again would only cost.
 */
export const compileSerializer = () => (data: unknown): string => JSON.stringify(data)
