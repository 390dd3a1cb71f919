import type { FastifyReply, FastifyRequest } from 'fastify'
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { BackupError, ERRORS, systemCode } from '../core/errors.ts'
import { PROBLEM_TYPE, sendProblem } from './errors.ts'
import { rateLimited, type Wait } from './rate-limit.ts'

const DETAILS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'the URL and the headers are too large',
  ERR_HTTP_REQUEST_TIMEOUT: 'the request was not complete in time'
}

/**
 * Answers what never comes to a route, since it cannot be read, in the shape of every other error. Each is counted as
 * any other request of its address, and refused with 429 as those are.
 */
export class Malformed {
  #wait: Wait = async () => undefined

  /** From now on requests are counted. */
  limitBy (wait: Wait): void {
    this.#wait = wait
  }

  /** For an address that is no URL. */
  readonly answerAddress = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    this.#wait(request).then(seconds => {
      if (seconds === undefined) sendProblem(error, request, reply)
      else sendProblem(rateLimited(), request, reply.header('retry-after', seconds))
    }, (failed: unknown) => {
      sendProblem(failed, request, reply)
    })
  }

  /** For what is no HTTP, or does not come to its end: the connection ends after the answer. */
  readonly answerBytes = (error: Error, socket: Socket): void => {
    if (systemCode(error) === 'ECONNRESET' || socket.destroyed) return
    this.#wait({ ip: socket.remoteAddress ?? '', socket }).then(seconds => {
      if (seconds === undefined) {
        end(
          socket,
          new BackupError('VALIDATION_FAILED', DETAILS[systemCode(error) ?? ''] ?? 'the request is malformed')
        )
      } else end(socket, rateLimited(), `Retry-After: ${seconds}\r\n`)
    }, () => {
      socket.destroy()
    })
  }
}

function end (socket: Socket, { code, message, hint }: BackupError, headers = ''): void {
  const { status, title } = ERRORS[code]
  const body = JSON.stringify({
    type: `urn:holdfast:error:${code}`,
    title,
    status,
    detail: message,
    instance: '',
    success: false,
    code,
    ...hint !== undefined && { hint },
    requestId: randomUUID()
  })
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Length: ${
        Buffer.byteLength(body)
      }\r\nContent-Type: ${PROBLEM_TYPE}\r\n${headers}Connection: close\r\n\r\n${body}`
    )
  }
  socket.destroySoon()
}
