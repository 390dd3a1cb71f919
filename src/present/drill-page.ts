import { createHash } from 'node:crypto'
import { inDuration } from '../core/duration.ts'
import type { EvidenceView } from './drill-evidence.ts'
import type { DrillView } from './drill.ts'

const STYLE = `
:root { color-scheme: light; --line: #c9ced6; --dim: #5b6472; --good: #11693a; --bad: #a4161a; --open: #8a5a00 }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.5rem; font: 15px/1.5 system-ui, sans-serif; color: #1b1f26; background: #fff }
h1 { margin: 0; font-size: 1.7rem } h2 { margin: 2.2rem 0 .6rem; font-size: 1.15rem } h3 { margin: 0; font-size: 1rem }
.dim { color: var(--dim) } .mono { font: 12px/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
table { width: 100%; border-collapse: collapse } th, td { padding: .35rem .5rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) } article td { overflow-wrap: anywhere }
th { font-size: .8rem; font-weight: 600; color: var(--dim) } .number { text-align: right; font-variant-numeric: tabular-nums }
article { margin: 0 0 1.2rem; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: 6px; break-inside: avoid-page }
article th:nth-child(1) { width: 30% } article th:nth-child(2) { width: 14% }
article header { display: flex; gap: 1rem; justify-content: space-between; margin-bottom: .5rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 0 0 .6rem } dt { color: var(--dim) } dd { margin: 0 }
.passed, .pass { color: var(--good) } .failed, .fail { color: var(--bad) } .inconclusive, .running { color: var(--open) } .skipped { color: var(--dim) }
.status { font-weight: 600 } td.status { white-space: nowrap }
.signature { display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 2rem; margin-top: 5rem; break-inside: avoid } .signature p { margin: 0; padding-top: .4rem; border-top: 1px solid #1b1f26; font-size: .85rem }
@page { size: A4; margin: 16mm 14mm }
@media print { body { max-width: none; padding: 0; font-size: 10.5px } article { border-radius: 0 } .mono { font-size: 8.5px } h2 { break-after: avoid } thead { display: table-header-group } tr { break-inside: avoid } }
`

/** For `Content-Security-Policy`: nothing but this style is let in, and nothing runs. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${
  createHash('sha256').update(STYLE).digest('base64')
}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** The evidence as one page for people, on screen and on paper, without scripts and without anything from elsewhere. */
export function drillPage (evidence: EvidenceView): string {
  const { madeAt, since, until, total, drills } = evidence
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Restore drills, ${day(since)} to ${day(until)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Evidence of restore drills</h1>
<p class="dim">From ${time(since)} to ${time(until)}. Made by Holdfast, ${time(madeAt)}. Times are UTC.</p>
<p>${
    total.drills === 0
      ? 'No drill ran in this period.'
      : `${total.drills} drills: ${total.passed} passed, ${total.failed} failed, ${total.inconclusive} inconclusive${
        total.running === 0 ? '' : `, ${total.running} running`
      }.`
  }
In a drill, a backup is restored into scratch space as in an emergency, verified there with every check below, compared with the assertions of its owner, and removed again.</p>
<h2>By source</h2>
${sourceTable(evidence)}
<h2>Every drill, newest first</h2>
${drills.map(drillArticle).join('\n')}
<div class="signature"><p>Name</p><p>Date</p><p>Signature</p></div>
</body>
</html>
`
}

function sourceTable ({ sources }: EvidenceView): string {
  const rows = sources.map(one =>
    `<tr><td>${text(one.source)}</td>
<td class="number">${one.drills}</td><td class="number">${one.passed}</td><td class="number">${one.failed}</td><td class="number">${one.inconclusive}</td>
<td>${
      one.oldest === null || one.newest === null
        ? 'none'
        : `${one.backups}, of ${day(one.oldest)} to ${day(one.newest)}`
    }</td>
<td class="number">${span(one.usualRestoreSeconds)}</td><td class="number">${span(one.slowestRestoreSeconds)}</td>
<td>${
      one.now === null ? 'not configured' : one.now.lastProven === null ? 'never' : time(one.now.lastProven)
    }</td><td class="number">${span(one.now?.rpoSeconds ?? null)}</td></tr>`
  )
  return `<table>
<thead><tr><th>Source</th><th class="number">Drills</th><th class="number">Passed</th><th class="number">Failed</th><th class="number">Inconclusive</th><th>Backups drilled</th><th class="number">Restore time, median</th><th class="number">slowest (RTO)</th><th>Last proven</th><th class="number">Age of newest proven backup (RPO)</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`
}

function drillArticle (drill: EvidenceView['drills'][number]): string {
  const {
    id,
    source,
    backupId,
    status,
    actor,
    startedAt,
    durationMs,
    restoreTimeMs,
    bytes,
    backupAgeSeconds,
    errorCode,
    errorMessage,
    report
  } = drill
  return `<article>
<header><h3>Drill ${id}: backup ${backupId} of ${
    text(source)
  }</h3><span class="status ${status}">${status}</span></header>
<dl>
<dt>Drill</dt><dd>${time(startedAt)}, ${actor === null ? 'by the schedule' : `by ${text(actor)}`}${
    durationMs === null ? '' : `, ${span(durationMs / 1000)} in total`
  }</dd>
${
    restoreTimeMs === null
      ? ''
      : `<dt>Restored in</dt><dd>${span(restoreTimeMs / 1000)}${bytes === null ? '' : `, ${bytes} bytes`}</dd>`
  }
${report === null ? '' : backupFacts(report, backupAgeSeconds)}
${
    errorMessage === null
      ? ''
      : `<dt>Reason</dt><dd class="${status}">${text(errorCode ?? '')}: ${text(errorMessage)}</dd>`
  }
</dl>
${report === null ? '' : findings(report)}
</article>`
}

function backupFacts ({ backup, chosen }: NonNullable<DrillView['report']>, age: number | null): string {
  return `<dt>Backup</dt><dd>${text(backup.fileName)}, started ${time(backup.startedAt)}, ${
    span(age)
  } old at the time of the drill</dd>
<dt>SHA-256</dt><dd class="mono">${text(backup.checksum)}</dd>
<dt>Selected</dt><dd>${text(chosen)}</dd>`
}

function findings ({ checks, assertions }: NonNullable<DrillView['report']>): string {
  const rows = [
    ...checks.map(({ name, status, reason }) =>
      `<tr><td>${name}</td><td class="status ${status}">${status}</td><td>${text(reason ?? '')}</td></tr>`
    ),
    ...assertions.map(({ name, status, found, bound, reason }) =>
      `<tr><td>asserted: ${text(name)}</td><td class="status ${status}">${status}</td><td>found ${
        found === null ? 'nothing' : text(String(found))
      }, expected ${text(bound)}${status === 'inconclusive' ? `; ${text(reason ?? '')}` : ''}</td></tr>`
    )
  ]
  return `<table>
<thead><tr><th>Check</th><th>Outcome</th><th>Found</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

/** Text as text, whatever is in it. */
function text (value: string): string {
  return value.replaceAll(/[&<>"']/g, character => ENTITIES[character] ?? '')
}

function day (instant: string): string {
  return text(instant.slice(0, 10))
}

function time (instant: string): string {
  return text(instant.slice(0, 19).replace('T', ' '))
}

/** Below a second in milliseconds, otherwise as `inDuration`. */
function span (seconds: number | null): string {
  if (seconds === null) return ''
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : inDuration(seconds * 1000)
}
