import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { ask } from '../../src/cli/ask.ts'
import { rejectsWith } from '../support/rejects.ts'

/** A terminal at which these keys are pressed. */
function asked (keys: string): { readonly answer: Promise<boolean>, readonly shown: () => string } {
  let shown = ''
  const input = new PassThrough()
  const output = Object.assign(
    new Writable({
      write (text: Buffer, _encoding, done) {
        shown += text.toString()
        done()
      }
    }),
    { isTTY: true, columns: 80 }
  )
  const answer = ask('Remove them?', Object.assign(input, { isTTY: true, setRawMode () {} }), output)
  input.write(keys)
  return { answer, shown: () => shown }
}

for (
  const [keys, answer] of [['y\r', true], ['YES\r', true], [' y \r', true], ['n\r', false], ['\r', false], [
    'yesterday\r',
    false
  ], ['\u0004', false]] as const
) {
  test(`${JSON.stringify(keys)} is ${answer ? 'yes' : 'no'}`, async () => {
    const { answer: given, shown } = asked(keys)
    assert.equal(await given, answer)
    assert.equal(stripVTControlCharacters(shown()).slice(0, 19), 'Remove them? [y/N] ')
  })
}

test('Ctrl-C is neither: it interrupts', async () => {
  await rejectsWith('CANCELLED', asked('\u0003').answer)
})
