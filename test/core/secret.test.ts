import assert from 'node:assert/strict'
import { Console } from 'node:console'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { Writable } from 'node:stream'
import { Secret } from '../../src/core/secret.ts'

const VALUE = 'correct-horse-battery-staple'
const secret = new Secret(VALUE)

test('it is told to those who ask for it by name', () => {
  assert.equal(secret.reveal(), VALUE)
})

const printed: Readonly<Record<string, () => string>> = {
  inspect: () => inspect(secret),
  'inspect with everything shown': () => inspect(secret, { showHidden: true, depth: 9, customInspect: false }),
  'inspect of what holds it': () =>
    inspect({ config: { secret }, list: [secret], map: new Map([[secret, secret]]) }, { depth: 9 }),
  JSON: () => JSON.stringify({ secret, list: [secret] }),
  'a template': () => `the secret is ${secret.toString()}`,
  String: () => String(secret),
  'string concatenation': () => 'x'.concat(secret as unknown as string),
  format: () => format('%s %j %o %O %i', secret, secret, secret, secret, secret),
  'an error': () => inspect(new Error(`failed with ${String(secret)}`, { cause: secret })),
  keys: () => Object.keys(secret).join() + JSON.stringify(Object.getOwnPropertyDescriptors(secret)),
  'a copy': () => JSON.stringify(Object.assign({}, secret)) + JSON.stringify(Object.entries(secret))
}
for (const [way, print] of Object.entries(printed)) {
  test(`it does not show in ${way}`, () => {
    assert.ok(!print().includes(VALUE), print())
  })
}

test('it does not show on the console', () => {
  let output = ''
  const stream = new Writable({
    write (chunk, _encoding, done) {
      output += String(chunk)
      done()
    }
  })
  const printer = new Console(stream, stream)
  printer.log(secret, 'and', { secret })
  printer.error('%o', secret)
  printer.table([{ secret }])
  assert.ok(output.includes('[redacted]') && !output.includes(VALUE), output)
})
