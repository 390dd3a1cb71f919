import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monitoredSources, type Watchable } from '../../src/monitoring/monitored-sources.ts'

function source (name: string, state: string, enabled = false): Watchable {
  return { name, state, policy: { enabled } }
}

function namesOf (...sources: readonly Watchable[]): string[] {
  return monitoredSources(sources, 'own').map(({ name }) => name)
}

test('the own catalog is not watched while something else is protected and no backup of it was wanted', () => {
  assert.deepEqual(namesOf(source('shop', 'ok'), source('blog', 'never'), source('own', 'never')), ['shop', 'blog'])
})

test('the own catalog is watched once it has a backup, or should have one, or is all there is', () => {
  assert.deepEqual(namesOf(source('shop', 'ok'), source('own', 'ok')), ['shop', 'own'])
  assert.deepEqual(namesOf(source('shop', 'ok'), source('own', 'failing')), ['shop', 'own'])
  assert.deepEqual(namesOf(source('shop', 'ok'), source('own', 'never', true)), ['shop', 'own'])
  assert.deepEqual(namesOf(source('own', 'never')), ['own'])
})
