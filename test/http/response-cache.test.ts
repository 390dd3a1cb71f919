import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ResponseCache } from '../../src/http/response-cache.ts'
import { FakeClock } from '../support/fake-clock.ts'

function pagesOf (): {
  pages: ResponseCache
  clock: FakeClock
  state: { version: string, made: number }
  ask: (key: string, text?: string) => Promise<string>
} {
  const state = { version: '1', made: 0 }
  const clock = new FakeClock()
  const responses = new ResponseCache(() => state.version, clock)
  const ask = async (key: string, text = 'x'): Promise<string> =>
    String(
      await responses.body(key, async () => {
        state.made++
        return text
      })
    )
  return { pages: responses, clock, state, ask }
}

test('a page is made once for as long as nothing changes', async () => {
  const { state, ask } = pagesOf()
  assert.deepEqual([await ask('a', 'one'), await ask('a', 'two')], ['one', 'one'])
  assert.equal(state.made, 1)
})

test('a page is made anew when something changed, when it is a second old, and when the clock went back', async () => {
  const { state, clock, ask } = pagesOf()
  await ask('a')
  state.version = '2'
  await ask('a')
  clock.move(1000)
  await ask('a')
  clock.move(-1)
  await ask('a')
  assert.equal(state.made, 4)
})

test('who asks while a page is made waits for the same', async () => {
  const { pages: responses } = pagesOf()
  const gate = Promise.withResolvers<string>()
  let made = 0
  const make = (): Promise<string> => {
    made++
    return gate.promise
  }
  const both = Promise.all([responses.body('a', make), responses.body('a', make)])
  gate.resolve('x')
  assert.deepEqual((await both).map(String), ['x', 'x'])
  assert.equal(made, 1)
})

test('a change while a page is made is not missed', async () => {
  const { pages: responses, state, ask } = pagesOf()
  const gate = Promise.withResolvers<string>()
  const old = responses.body('a', () => gate.promise)
  state.version = '2'
  const fresh = ask('a', 'new')
  gate.resolve('old')
  assert.deepEqual([String(await old), await fresh, await ask('a', 'newer')], ['old', 'new', 'new'])
})

test('a short page goes out as text, a long one as bytes', async () => {
  const { pages: responses } = pagesOf()
  const make = async (length: number): Promise<unknown> =>
    await responses.body(`${length}`, async () => 'x'.repeat(length))
  assert.deepEqual([typeof await make(4096), await make(4097)], ['string', Buffer.alloc(4097, 'x')])
})

test('a page that could not be made is tried again', async () => {
  const { pages: responses, ask } = pagesOf()
  await assert.rejects(async () =>
    await responses.body('a', async () => {
      throw new Error('no')
    }), /no/)
  assert.equal(await ask('a', 'yes'), 'yes')
})

test('the pages unused for longest make room, by number and by size', async () => {
  const { state, ask } = pagesOf()
  for (let i = 0; i < 201; i++) {
    await ask(`page ${i}`)
    await ask('page 0')
  }
  assert.equal(state.made, 201)
  await ask('page 1')
  assert.equal(state.made, 202)
  const large = 'x'.repeat(3 * 1024 * 1024)
  for (const key of ['l1', 'l2', 'l3']) await ask(key, large)
  state.made = 0
  await ask('l3', large)
  await ask('l2', large)
  assert.equal(state.made, 0)
  await ask('l1', large)
  assert.equal(state.made, 1)
})
