import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { TestContext } from 'node:test'

export interface ForwardProxy {
  readonly url: string
  /** `GET http://…` of each request that came in plain, and `CONNECT host:port` of each tunnel. */
  readonly asked: readonly string[]
}

/**
 * An HTTP proxy that knows one server, which stands for every host: names are the proxy's to resolve, as in a closed
 * network.
 */
export async function forwardProxy (t: Pick<TestContext, 'after'>, server: string): Promise<ForwardProxy> {
  const { hostname, port } = new URL(server)
  const asked: string[] = []
  // Of its own: the one that all share may be told to use this proxy.
  const agent = new Agent()
  const proxy = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '')
    asked.push(`${incoming.method} ${url.origin}`)
    const onward = request({
      agent,
      hostname,
      port,
      method: incoming.method,
      path: url.pathname + url.search,
      headers: incoming.headers
    }, answer => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      pipeline(answer, outgoing).catch(() => {
        outgoing.destroy()
      })
    })
    pipeline(incoming, onward).catch(() => {
      outgoing.destroy()
    })
  })
  proxy.on('connect', (incoming, client, head) => {
    asked.push(`CONNECT ${incoming.url}`)
    const onward = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.write(head)
      pipeline(onward, client, onward).catch(() => {
        onward.destroy()
      })
    })
    onward.on('error', () => {
      client.destroy()
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.after(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked }
}
