import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { presentEvidence } from '../../src/present/drill-evidence.ts'
import { drillPage, PAGE_POLICY } from '../../src/present/drill-page.ts'
import { STARTED } from '../support/builders/backup.ts'
import { aDrill } from '../support/builders/restore.ts'

const page = (...drills: ReadonlyArray<ReturnType<typeof aDrill>>): string =>
  drillPage(presentEvidence({ madeAt: STARTED, since: new Date(0), until: STARTED, states: [], drills }))

test('the policy of the page lets in the style that is in it', () => {
  const style = /<style>([^]*?)<\/style>/.exec(page())?.[1] ?? ''
  assert.ok(PAGE_POLICY.includes(`'sha256-${createHash('sha256').update(style).digest('base64')}'`))
})

test('names and reasons are text, whatever is in them', () => {
  const html = page(aDrill({ source: '<b>&"\'', actor: '<i>', status: 'failed', errorMessage: '<script>' }))
  assert.ok(html.includes('&lt;b&gt;&amp;&quot;&#39;'))
  assert.doesNotMatch(html, /<(?:b|i|script)>/)
})

test('without a drill the page has a sentence for it', () => {
  assert.match(page(), /No drill ran in this period\./)
  assert.match(page(aDrill(), aDrill({ status: 'failed' })), /2 drills: 1 passed, 1 failed, 0 inconclusive\./)
})

test('a time is written in the units that suit it', () => {
  const restored = (restoreTime: number): string =>
    /Restored in<\/dt><dd>([^,]*),/.exec(page(aDrill({ restoreTime })))?.[1] ?? ''
  assert.deepEqual([12, 3400, 3_600_000, 90_061_000].map(restored), ['12 ms', '3.4 s', '1 h', '1 d 1 h'])
})
