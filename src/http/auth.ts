import jwt from '@fastify/jwt'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import type { Clock } from '../core/clock.ts'
import { BackupError } from '../core/errors.ts'
import type { Secret } from '../core/secret.ts'
import { CLOCK_TOLERANCE, type TokenIdentity } from '../core/catalog/token.ts'
import { ROLES, type Role } from './roles.ts'

/** What proves a token. No other algorithm is ever accepted. */
export interface TokenKey {
  readonly algorithm: 'HS256' | 'RS256' | 'ES256' | 'EdDSA'
  /** The shared secret of HS256, otherwise the public key as PEM. */
  readonly key: Secret
}

/** Who asks, by a token that was proven. */
export interface Caller {
  /** Tells callers apart, for limits and for idempotency keys. */
  readonly identity: string
  /** undefined: the token has an unknown role, which gives no right at all. */
  readonly role: Role | undefined
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined
  /** What tells whether it was revoked since. */
  readonly token: TokenIdentity
}

declare module 'fastify' {
  interface FastifyRequest {
    /** null: no token, or none that is valid. */
    caller: Caller | null
    /** What is wrong with a token whose signature is right; null: it is right, or there is none. */
    tokenFault: string | null
  }
  interface FastifyContextConfig {
    /** The least role that may call; `open`: no token is asked for. Routes below /api cannot leave it out. */
    role?: Role | 'open'
    /**
     * The role that this very request needs, where that may be a higher one. Asked once the request has been checked,
     * before anything is done or given again.
     */
    needs?: (request: FastifyRequest) => Role | Promise<Role>
  }
}

export interface Authority {
  readonly tokenKey: TokenKey
  readonly isRevoked: (token: TokenIdentity) => boolean | Promise<boolean>
  /** A token without an end is refused. */
  readonly requireTokenExpiry: boolean
  readonly clock: Clock
}

const BEARER = /^Bearer +(\S+)$/i

/**
 * Proves tokens and holds each route against its role. A request is identified first, so that the rate limit in between
 * knows whom it counts, and refused after that, before its body is read. Where it cannot be told whether a token was
 * revoked, it is not accepted.
 */
export async function authenticate (
  app: FastifyInstance,
  { tokenKey, isRevoked, requireTokenExpiry, clock }: Authority
): Promise<void> {
  // Given as a public key even where it is a secret: so there is no way to sign with it here.
  await app.register(jwt, {
    secret: { public: tokenKey.key.reveal() },
    verify: { algorithms: [tokenKey.algorithm], cache: 1000 }
  })
  app.decorateRequest('caller', null)
  app.decorateRequest('tokenFault', null)
  const warnOfEndless = onceForEach(identity => {
    app.log.warn(
      { caller: identity },
      'a token without an expiry is in use and stays valid forever; replace it with a token that expires (exp), or reject such tokens with REQUIRE_TOKEN_EXPIRY=true'
    )
  })

  app.addHook('onRoute', route => {
    if (route.config?.role === undefined && route.url.startsWith('/api')) {
      throw new BackupError('INTERNAL', `the route "${route.url}" says nothing about its role`)
    }
  })
  app.addHook('onRequest', (request, _reply, done) => {
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1]
    const found = token !== undefined && isGuarded(request) ? identify(app, token, clock, requireTokenExpiry) : null
    if (typeof found === 'string') request.tokenFault = found
    else request.caller = found
    if (request.caller !== null && request.caller.expiresAt === undefined) warnOfEndless(request.caller.identity)
    done()
  })
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (!isGuarded(request)) {
      done(null)
      return
    }
    const { caller } = request
    const revoked = caller !== null && isRevoked(caller.token)
    if (typeof revoked === 'boolean') done(refusal(request, reply, revoked))
    else {
      revoked.then(found => {
        done(refusal(request, reply, found))
      }, done)
    }
  })
  app.addHook('preHandler', async request => {
    const { caller, routeOptions: { config } } = request
    if (config.needs === undefined) return
    const fault = tooLow(caller?.role, await config.needs(request))
    if (fault !== null) throw fault
  })
}

function isGuarded (request: FastifyRequest): boolean {
  const { role } = request.routeOptions.config
  return role !== undefined && role !== 'open'
}

/** More than this are not told apart any more. */
const REMEMBERED = 1000

function onceForEach (act: (name: string) => void): (name: string) => void {
  const seen = new Set<string>()
  return name => {
    if (seen.has(name) || seen.size >= REMEMBERED) return
    seen.add(name)
    act(name)
  }
}

/**
 * The caller; null: the token is not valid, or has expired; a text: the problem of a token with a valid signature.
 */
function identify (app: FastifyInstance, token: string, clock: Clock, requireExpiry: boolean): Caller | string | null {
  let claims: unknown
  try {
    claims = app.jwt.verify(token)
  } catch {
    return null
  }
  if (typeof claims !== 'object' || claims === null) return null
  const { sub, role = 'viewer', exp, iat, jti } = claims as Readonly<
    Record<'sub' | 'role' | 'exp' | 'iat' | 'jti', unknown>
  >
  const expiresAt = typeof exp === 'number' ? exp * 1000 : undefined
  const now = clock.now().getTime()
  if (expiresAt !== undefined && expiresAt <= now) return null
  if (expiresAt === undefined && requireExpiry) {
    return 'the token has no expiry (the claim "exp"), which this service requires'
  }
  // It would outlast each revocation of its subject.
  if (typeof iat === 'number' && iat * 1000 > now + CLOCK_TOLERANCE) {
    return 'the token was issued in the future (the claim "iat")'
  }
  const subject = typeof sub === 'string' && sub !== '' ? sub : null
  return {
    identity: subject === null
      ? `token ${createHash('sha256').update(token).digest('base64url')}`
      : `subject ${subject}`,
    role: ROLES.find(known => known === role),
    expiresAt,
    token: {
      id: typeof jti === 'string' ? jti : null,
      subject,
      issuedAt: typeof iat === 'number' ? instantOf(iat) : null
    }
  }
}

/** null: it is no time that there is. */
function instantOf (seconds: number): Date | null {
  const instant = new Date(seconds * 1000)
  return Number.isNaN(instant.getTime()) ? null : instant
}

function refusal (request: FastifyRequest, reply: FastifyReply, isRevoked: boolean): BackupError | null {
  const { caller, routeOptions: { config } } = request
  if (caller === null || isRevoked) {
    const given = request.headers.authorization !== undefined
    reply.header(
      'www-authenticate',
      given ? 'Bearer realm="holdfast", error="invalid_token"' : 'Bearer realm="holdfast"'
    )
    if (isRevoked) {
      return new BackupError('UNAUTHORIZED', 'the token was revoked', {
        hint: 'Ask an admin for another token, created with "holdfast token create".'
      })
    }
    if (request.tokenFault !== null) {
      return new BackupError('UNAUTHORIZED', request.tokenFault, {
        hint: 'Create a new token on a machine with a correct clock, with "holdfast token create".'
      })
    }
    return new BackupError(
      'UNAUTHORIZED',
      given ? 'the token is not valid, or has expired' : 'the request has no bearer token',
      {
        hint: 'Send "Authorization: Bearer <token>", with a token from "holdfast token create".'
      }
    )
  }
  return tooLow(caller.role, config.role)
}

/** null: the role reaches. */
function tooLow (role: Role | undefined, least: Role | 'open' | undefined): BackupError | null {
  if (role === undefined) {
    return new BackupError('FORBIDDEN', 'the token has an unknown role', {
      hint: `Use a token with one of the roles ${ROLES.join(', ')}.`
    })
  }
  const needed = ROLES.findIndex(known => known === least)
  if (ROLES.indexOf(role) >= needed) return null
  return new BackupError(
    'FORBIDDEN',
    `this endpoint requires the role "${least}", and the token has the role "${role}"`,
    {
      hint: `Use a token with the role ${ROLES.slice(needed).join(' or ')}.`
    }
  )
}
