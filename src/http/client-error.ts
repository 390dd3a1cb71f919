import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import { ERRORS, systemCode } from '../core/errors.ts'
import { PROBLEM_TYPE } from './errors.ts'

const CODE = 'VALIDATION_FAILED'
const { status, title } = ERRORS[CODE]
const DETAILS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'the address and the headers are too large',
  ERR_HTTP_REQUEST_TIMEOUT: 'the request did not come to its end in time'
}

/** Answers what could not be read as HTTP, and so never became a request, in the shape of every other error; then the connection ends. */
export function answerUnreadable (error: Error, socket: Socket): void {
  if (systemCode(error) === 'ECONNRESET' || socket.destroyed) return
  const detail = DETAILS[systemCode(error) ?? ''] ?? 'the request is not well formed'
  const body = JSON.stringify({ type: `urn:holdfast:error:${CODE}`, title, status, detail, instance: '', success: false, code: CODE, requestId: randomUUID() })
  if (socket.writable) socket.write(`HTTP/1.1 ${status} Bad Request\r\nContent-Length: ${Buffer.byteLength(body)}\r\nContent-Type: ${PROBLEM_TYPE}\r\nConnection: close\r\n\r\n${body}`)
  socket.destroySoon()
}
