import assert from 'node:assert/strict'
import { test } from 'node:test'
import { monitoredSources, type Watchable } from '../../src/monitoring/monitored-sources.ts'

function source (name: string, state: string, enabled = false, coveredBy: string | null = null): Watchable {
  return { name, state, policy: { enabled, coveredBy } }
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

test('a member that only the backups of its set contain is not watched, unless it has backups of its own', () => {
  const [set, member] = [source('app', 'ok', true), source('audit', 'never', false, 'app')]
  assert.deepEqual(namesOf(set, member, source('own', 'never')), ['app'])
  assert.deepEqual(namesOf(set, source('audit', 'ok', false, 'app')), ['app', 'audit'])
})
