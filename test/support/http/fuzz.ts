import type { Dice } from '../seeded-random.ts'
import type { Json } from './server.ts'

/** One request, as it is to be sent. */
export interface FuzzedRequest {
  readonly method: string
  /** With the query, encoded. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer | undefined
}

/** A route as its own document describes it. */
export interface FuzzedRoute {
  readonly method: string
  readonly path: string
  readonly isStream: boolean
  readonly parameters: readonly Json[]
  /** The schema of its body; undefined: it takes none. */
  readonly body: Json
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete']

/** Every route of an OpenAPI document, with its references followed. */
export function routesIn (document: Json): FuzzedRoute[] {
  const follow = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(follow)
    if (typeof node !== 'object' || node === null) return node
    if (typeof node.$ref === 'string') {
      return follow(node.$ref.slice(2).split('/').reduce((at: Json, key: string) => at[key], document))
    }
    return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, follow(value)]))
  }
  return Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).filter(([method]) => METHODS.includes(method)).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      isStream: 'text/event-stream' in (operation.responses?.['200']?.content ?? {}),
      parameters: follow(operation.parameters ?? []),
      body: operation.requestBody === undefined
        ? undefined
        : follow(operation.requestBody.content['application/json'].schema)
    }))
  )
}

/** What breaks those who do not look: paths out of a directory, headers in a header, numbers and text of every kind. */
const NASTY: readonly unknown[] = [
  '',
  ' ',
  '0',
  '-1',
  '1.5',
  '1e3',
  '0x10',
  '01',
  '+1',
  'NaN',
  'Infinity',
  '99999999999999999999',
  '9007199254740993',
  '-9223372036854775808',
  '１',
  '../../../../etc/passwd',
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e%2f',
  '..\\..\\windows',
  '/etc/shadow',
  '/proc/self/environ',
  'file:///etc/passwd',
  './shop',
  'shop/../shop',
  '..',
  '../..',
  '~',
  'shop\0.db',
  '\0',
  'a\r\nX-Injected: yes',
  'a\nb',
  '\u2028',
  '\u202eshop',
  '\ufeffshop',
  '\ud800',
  '\udc00\ud800',
  'e\u0301',
  'é',
  'İ',
  '𝄞',
  '👩‍👩‍👧‍👦',
  'ﷺ',
  '\uffff',
  "' OR 1=1 --",
  "'; DROP TABLE backup_log; --",
  '%',
  '_',
  '*',
  '$(id)',
  '`id`',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '__proto__',
  'constructor',
  'toString',
  'null',
  'undefined',
  'true',
  '2025-13-45T99:99:99Z',
  '0000-00-00T00:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  '-000001-01-01T00:00:00Z',
  '2025-11-24T23:30:00+99:99',
  null,
  true,
  false,
  0,
  -0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  -(2 ** 53),
  [],
  {},
  [null],
  [[[[]]]],
  { __proto__: null, a: 1 },
  { length: 1e9 },
  { toString: null }
]

const BODIES: readonly (string | Buffer)[] = [
  '',
  ' ',
  'nope',
  '{',
  '[',
  '"',
  '{"a":',
  '{"a":1,}',
  '{a:1}',
  'NaN',
  'null',
  'true',
  '0',
  '""',
  '[]',
  '[{}]',
  '\ufeff{}',
  '{}{}',
  '{"a":1e999}',
  '{"\\ud800":"\\udc00"}',
  '{"__proto__":{"role":"admin"}}',
  '{"constructor":{"prototype":{"role":"admin"}}}',
  '{"a":{"__proto__":null}}',
  '{"source":"shop","source":"../x"}',
  '{"dryRun":true,"dryRun":false,"dryRun":"x"}',
  '['.repeat(30_000),
  '{"a":'.repeat(10_000),
  `{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
  JSON.stringify({ description: 'x'.repeat(70_000) }),
  JSON.stringify({ description: 'x'.repeat(60_000) }),
  JSON.stringify({ description: '\0\u202e\ud800' }),
  `{${Array.from({ length: 3000 }, (_, i) => `"k${i}":${i}`).join()}}`,
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  Buffer.alloc(2000)
]

const HEADERS: ReadonlyArray<readonly [string, readonly string[]]> = [
  ['content-type', [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    'application/json;',
    'application/jsonx',
    'APPLICATION/JSON',
    '*/*',
    '',
    'a'.repeat(5000),
    'application/vnd.api+json',
    '; ;',
    'text'
  ]],
  ['idempotency-key', ['a', 'b', 'c', 'x'.repeat(256), '', 'ä', 'a b', '../../x', '__proto__']],
  ['prefer', [
    'respond-async',
    'respond-async, wait=10',
    'wait=99999999999',
    ';;,,',
    'respond-async;x="\\"',
    'x'.repeat(4000)
  ]],
  ['range', [
    'bytes=0-',
    'bytes=-1',
    'bytes=-0',
    'bytes=99999999999999999999-',
    'bytes=5-1',
    'bytes=0-0,2-3',
    'bytes=-',
    'bytes=a-b',
    'lines=1-2',
    'bytes=1-99999999999999999999999',
    `bytes=${'0-1,'.repeat(1000)}`
  ]],
  ['if-range', ['"x"', 'W/"x"', 'Mon, 99 Foo 2025']],
  ['if-none-match', ['*', '"x"', 'W/"', '"'.repeat(3000), Array.from({ length: 500 }, (_, i) => `"${i}"`).join(', ')]],
  ['if-match', ['*', '"x"']],
  ['accept', ['text/html', '*/*;q=0', 'application/xml', ',,,', 'text/html,'.repeat(500)]],
  ['accept-encoding', ['gzip', 'br;q=1.0, *;q=0', 'x'.repeat(1000)]],
  ['x-request-id', ['ok-1', '<script>', 'x'.repeat(200), '../../..']],
  ['x-forwarded-for', ['1.2.3.4', '::1, evil', "' OR 1=1", 'x'.repeat(3000)]],
  ['x-http-method-override', ['DELETE']],
  ['host', ['evil.example', '', 'a:b:c']],
  ['origin', ['null', 'https://evil.example']],
  ['expect', ['100-continue', 'a miracle']],
  ['cookie', ['__proto__=1; a']]
]

export interface Fuzz {
  readonly dice: Dice
  /** By what they are: tokens to be tried, the valid ones first and more often. */
  readonly tokens: readonly string[]
  readonly badTokens: readonly string[]
  /** Values that lead somewhere: the names and ids of the service under test. */
  readonly known: (name: string) => readonly unknown[]
}

/** A request for the route that is right in most things and wrong in some. */
export function fuzzed (route: FuzzedRoute, fuzz: Fuzz): FuzzedRequest {
  const { dice } = fuzz
  const path = route.path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) =>
      asPart(
        valueOf(route.parameters.find(one => one.in === 'path' && one.name === name)?.schema, name, fuzz, 0.3),
        dice
      )
  )
  const body = route.body === undefined ? dice.chance(0.05) ? dice.pick(BODIES) : undefined : bodyFor(route.body, fuzz)
  const headers: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const token = dice.chance(0.85) ? dice.pick(fuzz.tokens) : dice.pick(fuzz.badTokens)
  if (token !== '') headers['authorization'] = token
  for (const [name, values] of HEADERS) if (dice.chance(0.04)) headers[name] = dice.pick(values)
  return {
    method: dice.chance(0.03) ? dice.pick(METHODS).toUpperCase() : route.method,
    url: path + queryFor(route, fuzz),
    headers,
    body
  }
}

function queryFor (route: FuzzedRoute, fuzz: Fuzz): string {
  const { dice } = fuzz
  const parts = route.parameters.filter(one => one.in === 'query' && dice.chance(0.35)).map(
    ({ name, schema }): [string, unknown] => [name as string, valueOf(schema, name, fuzz, 0.3)]
  )
  if (dice.chance(0.1) && parts[0] !== undefined) parts.push([parts[0][0], dice.pick(NASTY)])
  if (dice.chance(0.05)) parts.push([asText(dice.pick(NASTY)), dice.pick(NASTY)])
  if (dice.chance(0.03)) parts.push(...Array.from({ length: 300 }, (): [string, unknown] => ['limit', 1]))
  if (parts.length === 0) {
    return dice.chance(0.03)
      ? dice.pick(['?', '?&&&', '?%', '?%00', '?=', '?a[b][c]=1', '?__proto__[x]=1'])
      : ''
  }
  return `?${parts.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')}`
}

function bodyFor (schema: Json, fuzz: Fuzz): string | Buffer | undefined {
  const { dice } = fuzz
  if (dice.chance(0.12)) return dice.pick(BODIES)
  if (dice.chance(0.04)) return undefined
  return JSON.stringify(valueOf(schema, 'body', fuzz, 0.1))
}

/** A value as the schema wants it; with the given share something else instead, at any depth. */
function valueOf (schema: Json, name: string, fuzz: Fuzz, wrong: number): unknown {
  const { dice } = fuzz
  if (dice.chance(wrong)) return dice.chance(0.05) ? 'x'.repeat(dice.between(100, 20_000)) : dice.pick(NASTY)
  const known = fuzz.known(name)
  if (known.length > 0) return dice.pick(known)
  const choices = schema?.anyOf ?? schema?.oneOf
  if (choices !== undefined) return valueOf(dice.pick(choices), name, fuzz, wrong)
  if (schema?.const !== undefined) return schema.const
  if (schema?.enum !== undefined) return dice.pick(schema.enum)
  switch ([schema?.type].flat()[0]) {
    case 'object':
      return objectOf(schema, fuzz, wrong)
    case 'array':
      return Array.from({ length: dice.between(0, 3) }, () => valueOf(schema.items, name, fuzz, wrong))
    case 'integer':
    case 'number':
      return dice.between(Math.max(schema.minimum ?? -5, -1e9), Math.min(schema.maximum ?? 20, 1e9))
    case 'boolean':
      return dice.chance(0.5)
    case 'null':
      return null
    default:
      return schema?.format === 'date-time'
        ? new Date(Date.UTC(2025, dice.between(0, 30), 1)).toISOString()
        : 'some text'
  }
}

function objectOf (schema: Json, fuzz: Fuzz, wrong: number): object {
  const { dice } = fuzz
  const required = new Set<string>(schema.required ?? [])
  const entries = Object.entries<Json>(schema.properties ?? {})
    .filter(([name]) => dice.chance(required.has(name) ? 0.95 : 0.4))
    .map(([name, property]): [string, unknown] => [name, valueOf(property, name, fuzz, wrong)])
  if (dice.chance(0.05)) entries.push([asText(dice.pick(NASTY)), dice.pick(NASTY)])
  return Object.fromEntries(entries)
}

/** Half of what would end the part of a path is left as it is: what the router makes of it is the question. */
function asPart (value: unknown, dice: Dice): string {
  const text = encoded(value)
  return dice.chance(0.1) ? text.replaceAll('%2F', '/').replaceAll('%2E', '..') : text
}

/** What has no encoding of its own, since half a character has none, goes as the bytes that stand for it in WTF-8. */
function encoded (value: unknown): string {
  const text = asText(value)
  return text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80'
}

function asText (value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
