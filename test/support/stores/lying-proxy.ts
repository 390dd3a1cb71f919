import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import type { TestContext } from 'node:test'

export interface Answer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

/** One request that came, with the means to lie about it. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Asks the server behind, with the body of the request, and gives its whole answer. */
  forward(): Promise<Answer>
}

export type Lie = (exchange: Exchange) => Promise<unknown>

export interface Plan {
  /** Of the requests that are lied about. */
  readonly method: string
  /** Matched against path and query. */
  readonly on?: RegExp
  /** How often; default: once. */
  readonly times?: number
}

export interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
}

/** Stands between a client and a server, and tells the truth until it is told to lie. */
export interface LyingProxy {
  readonly endpoint: string
  /** Every request that came, lied about or not. */
  readonly seen: readonly Seen[]
  /** A lie that was planned and never told fails the test. */
  lie(plan: Plan, lie: Lie): void
}

/** Says so without asking the server behind: `503 SlowDown`, `200` on a DELETE that deletes nothing. */
export function says (
  status: number,
  { code, headers = {}, body }: {
    readonly code?: string
    readonly headers?: OutgoingHttpHeaders
    readonly body?: string
  } = {}
): Lie {
  return async ({ request, response }) => {
    await buffer(request)
    const text = body ??
      (code === undefined
        ? ''
        : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>planned by a test</Message></Error>`)
    response.writeHead(status, { ...text === '' ? {} : { 'content-type': 'application/xml' }, ...headers }).end(text)
  }
}

/** Asks the server behind, and changes its answer. */
export function changes (change: (answer: Answer) => Partial<Answer>): Lie {
  return async ({ response, forward }) => {
    const answer = await forward()
    const changed = change(answer)
    const { status, headers, body } = { ...answer, ...changed }
    const { 'transfer-encoding': _, ...others } = headers
    response.writeHead(status, changed.body === undefined ? headers : { ...others, 'content-length': body.length }).end(
      body
    )
  }
}

/** Breaks the connection once so many bytes of the request's body have come; the server behind hears of nothing. */
export function dropsRequest (bytes: number): Lie {
  return async ({ request, response }) => {
    let seen = 0
    for await (const chunk of request as AsyncIterable<Buffer>) {
      seen += chunk.length
      if (seen >= bytes) break
    }
    response.destroy()
  }
}

/** The server behind does what is asked of it, and its answer is lost. */
export function losesAnswer (): Lie {
  return async ({ response, forward }) => {
    await forward()
    response.destroy()
  }
}

/** Announces the whole body, gives so many bytes of it, and breaks the connection. */
export function cutsAnswer (bytes: number): Lie {
  return async ({ response, forward }) => {
    const { status, headers, body } = await forward()
    response.writeHead(status, headers)
    response.write(body.subarray(0, bytes), () => {
      response.destroy()
    })
  }
}

/** Gives its first answer again and again, whatever has changed behind it. */
export function isStale (): Lie {
  let first: Promise<Answer> | undefined
  return async ({ response, forward }) => {
    first ??= forward()
    const { status, headers, body } = await first
    response.writeHead(status, headers).end(body)
  }
}

/** Takes the request and never answers. */
export function isSilent (): Lie {
  return async ({ request }) => {
    await buffer(request)
  }
}

/** Waits with the answer until it may go on. */
export function waitsFor (go: Promise<unknown>): Lie {
  return async ({ response, forward }) => {
    const { status, headers, body } = await forward()
    await go
    response.writeHead(status, headers).end(body)
  }
}

/** Keeps the request to itself until it may go on. */
export function comesLate (go: Promise<unknown>): Lie {
  return async ({ response, forward }) => {
    await go
    const { status, headers, body } = await forward()
    response.writeHead(status, headers).end(body)
  }
}

export async function lyingProxy (t: Pick<TestContext, 'after'>, target: string): Promise<LyingProxy> {
  const seen: Seen[] = []
  const plans: Array<{ readonly plan: Plan, readonly lie: Lie, left: number }> = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    seen.push({ method, url, headers })
    const planned = plans.find(({ plan, left }) => left > 0 && plan.method === method && (plan.on ?? /(?:)/).test(url))
    if (planned !== undefined) planned.left--
    // Whoever breaks a connection is either a lie or the client under test, and neither is a failure of the proxy.
    const work = planned === undefined
      ? passOn(target, request, response)
      : planned.lie({ request, response, forward: () => forward(target, request) })
    work.catch(() => {
      response.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    assert.deepEqual(
      plans.filter(({ left }) => left > 0 && left !== Infinity).map(({ plan }) => plan),
      [],
      'planned, and never told'
    )
  })
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    lie (plan, lie) {
      plans.push({ plan, lie, left: plan.times ?? 1 })
    }
  }
}

async function passOn (target: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await ask(target, request)
  response.writeHead(answer.statusCode ?? 502, answer.headers)
  await pipeline(answer, response)
}

async function forward (target: string, request: IncomingMessage): Promise<Answer> {
  const answer = await ask(target, request)
  return { status: answer.statusCode ?? 502, headers: answer.headers, body: await buffer(answer) }
}

/** With the whole body at once: a server that refuses it may answer before it has taken it. */
async function ask (target: string, request: IncomingMessage): Promise<IncomingMessage> {
  const body = await buffer(request)
  const onwards = httpRequest(target + (request.url ?? ''), {
    method: request.method,
    headers: request.headers,
    agent: false
  })
  onwards.on('error', () => {})
  onwards.end(body)
  const [answer] = await once(onwards, 'response') as [IncomingMessage]
  return answer
}
