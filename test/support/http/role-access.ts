import assert from 'node:assert/strict'
import { createSigner } from 'fast-jwt'
import { SECRET } from './server.ts'

/** How far each caller reaches; -1: is nobody. */
const CALLERS: ReadonlyArray<readonly [name: string, token: string | undefined, reach: number]> = [
  ['no token', undefined, -1],
  ['a bad token', 'x.y.z', -1],
  ['a viewer', tokenWith({ role: 'viewer' }), 1],
  ['no role', tokenWith({}), 1],
  ['an operator', tokenWith({ role: 'operator' }), 2],
  ['an admin', tokenWith({ role: 'admin' }), 3],
  ...['root', 'ADMIN', '__proto__', 'constructor', ['admin'], { admin: true }, null].map(
    (role): [string, string, number] => [JSON.stringify(role), tokenWith({ role }), 0]
  )
]
const RANK = { open: 0, viewer: 1, operator: 2, admin: 3 }

/** The least role that a route asks for. */
export type Least = keyof typeof RANK

function tokenWith (claims: object): string {
  return createSigner({ key: SECRET.reveal() })({ sub: 'x', iat: Math.floor(Date.now() / 1000), ...claims })
}

function expected (least: Least, reach: number): number | undefined {
  if (least === 'open') return undefined
  if (reach === -1) return 401
  return reach < RANK[least] ? 403 : undefined
}

/**
 * Asks with the token of each kind of caller: those below `least` are refused, all others are not. `ask` answers the
 * status.
 */
export async function assertReach (
  ask: (token: string | undefined) => Promise<number>,
  least: Least,
  what: string
): Promise<void> {
  for (const [name, token, reach] of CALLERS) {
    const status = await ask(token)
    const wanted = expected(least, reach)
    if (wanted === undefined) assert.ok(![401, 403].includes(status), `${what} for ${name}: ${status}`)
    else assert.equal(status, wanted, `${what} for ${name}`)
  }
}

/** The headers of a caller with that token, or with none. */
export function bearer (token: string | undefined): { authorization?: string } {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}
