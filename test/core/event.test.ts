import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventBus, type Event } from '../../src/core/event.ts'

const CHANGED: Event = { type: 'settings.changed' }

test('every listener hears every event, in the order of their coming', () => {
  const bus = new EventBus(() => {
    assert.fail('nothing failed')
  })
  const heard: string[] = []
  bus.subscribe(event => {
    heard.push(`first ${event.type}`)
  })
  bus.subscribe(event => {
    heard.push(`second ${event.type}`)
  })
  bus.emit(CHANGED)
  assert.deepEqual(heard, ['first settings.changed', 'second settings.changed'])
})

test('a listener that was taken away hears nothing more', () => {
  const bus = new EventBus(() => {
    assert.fail('nothing failed')
  })
  let heard = 0
  const leave = bus.subscribe(() => {
    heard++
  })
  bus.emit(CHANGED)
  leave()
  leave()
  bus.emit(CHANGED)
  assert.equal(heard, 1)
})

test('a listener that throws is reported, and hinders nobody', () => {
  const errors: unknown[] = []
  const bus = new EventBus(error => {
    errors.push(error)
  })
  const error = new Error('a bad listener')
  let heard = 0
  bus.subscribe(() => {
    throw error
  })
  bus.subscribe(() => {
    heard++
  })
  bus.emit(CHANGED)
  assert.deepEqual([errors, heard], [[error], 1])
})

test('where nobody listens nothing happens', () => {
  new EventBus(() => {
    assert.fail('nothing failed')
  }).emit(CHANGED)
})
