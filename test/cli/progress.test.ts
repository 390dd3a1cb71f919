import assert from 'node:assert/strict'
import { test } from 'node:test'
import pc from 'picocolors'
import { throughEdge } from '../../src/cli/edge.ts'
import { phaseLine, progressBar, progressOn, type Underway } from '../../src/cli/progress.ts'
import { widthOf } from '../../src/cli/text.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { aJob } from '../support/builders/job.ts'

const colours = pc.createColors(false)
const HALF: Underway = aJob({ progress: { phase: 'storing', bytesDone: 500_000_000, bytesTotal: 1_000_000_000 } })

test('a bar tells how much is done, how fast it goes, and what is left', () => {
  assert.equal(
    progressBar(HALF, 5000, { width: 120, colours }),
    `storing  ${'━'.repeat(20)}${'─'.repeat(20)}   50 %  500.0 MB of 1.0 GB  100.0 MB/s  5 s left`
  )
})

test('on a narrow terminal what is told last goes first, and the bar becomes shorter', () => {
  assert.match(
    progressBar(HALF, 5000, { width: 80, colours }),
    /^storing {2}[━─]{15,25} {3}50 % {2}500\.0 MB of 1\.0 GB {2}100\.0 MB\/s {2}5 s left$/
  )
  assert.doesNotMatch(progressBar(HALF, 5000, { width: 60, colours }), /left/)
  assert.equal(progressBar(HALF, 5000, { width: 20, colours }), 'storing 50 %')
})

test('every line leaves room for the ^C that a terminal writes after it', () => {
  for (let width = 5; width < 140; width++) {
    for (
      const job of [
        HALF,
        aJob({ kind: 'verify', backupId: 123, progress: HALF.progress }),
        aJob({ progress: { phase: 'probing', bytesDone: 0, bytesTotal: null } })
      ]
    ) {
      assert.ok(widthOf(progressBar(job, 5000, { width, colours })) <= width - 3, `at ${width}`)
    }
  }
})

test('before anything is done nothing is promised', () => {
  const none = aJob({ progress: { phase: 'storing', bytesDone: 0, bytesTotal: 1000 } })
  assert.match(progressBar(none, 0, { width: 120, colours }), / {3}0 % {2}0 B of 1\.0 kB$/)
  assert.equal(
    progressBar(aJob({ progress: { phase: 'probing', bytesDone: 0, bytesTotal: null } }), 10, { width: 80, colours }),
    'probing …'
  )
})

test('where several backups come one after the other each line says which', () => {
  assert.equal(
    phaseLine(
      aJob({ kind: 'verify', backupId: 12, progress: { phase: 'verifying', bytesDone: 0, bytesTotal: 15_300_000 } })
    ),
    'backup 12: verifying 15.3 MB'
  )
})

function watched (isTTY: boolean) {
  const clock = new FakeClock()
  let written = ''
  const view = progressOn(
    throughEdge({
      isTTY,
      columns: 80,
      write: text => {
        written += String(text)
      }
    }),
    () => ({ width: 80, colours, now: clock.now(), timeZone: 'UTC', command: 'holdfast' }),
    clock
  )
  return { clock, view, written: () => written }
}

test('elsewhere than on a terminal there is one line for each phase, and none for waiting', () => {
  const { view, written } = watched(false)
  view.tell(aJob({ progress: { phase: 'waiting', bytesDone: 0, bytesTotal: null } }))
  for (const bytesDone of [0, 50, 100]) view.tell(aJob({ progress: { phase: 'storing', bytesDone, bytesTotal: 100 } }))
  view.tell(aJob({ progress: { phase: 'recording', bytesDone: 0, bytesTotal: null } }))
  view.end()
  assert.equal(written(), 'storing 100 B\nrecording\n')
})

test('on a terminal one line is drawn over itself, not too often, and gone at the end', () => {
  const { clock, view, written } = watched(true)
  view.tell(HALF)
  view.tell(HALF)
  assert.equal(written().split('\r').length - 1, 1)
  clock.move(100)
  view.tell(HALF)
  view.end()
  assert.equal(written().split('\r').length - 1, 3)
  assert.ok(written().endsWith('\r\u001b[K'))
  assert.ok(!written().includes('\n'))
})
