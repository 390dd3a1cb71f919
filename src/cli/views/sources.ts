import { z } from 'zod'
import type { SourceState } from '../../engine/status/sources.ts'
import { presentSource, sourceSchema } from '../../present/source.ts'
import { chainsInWords, drillsInWords, retentionInWords, scheduleInWords } from '../policy-words.ts'
import type { Colours, Screen } from '../screen.ts'
import type { View } from '../shell.ts'
import { inDuration } from '../../core/duration.ts'
import { inSize } from '../../core/size.ts'
import { inTime } from '../times.ts'
import { factLines, type Fact } from './facts.ts'

export const sourcesSchema = z.object({ sources: z.array(sourceSchema) })

export function viewSources (states: readonly SourceState[], now: Date): View {
  return {
    json: { sources: states.map(state => presentSource(state, now)) },
    text: screen => states.map(state => describe(state, screen)).join('\n')
  }
}

function describe (state: SourceState, screen: Screen): string {
  const { colours } = screen
  const { name, kind, location, isDefault, policy, statistics, nextRun } = state
  const facts: readonly Fact[] = [
    ['location', `${location} (${kind})`],
    ['backups', `${statistics.count}, ${inSize(statistics.size)}`],
    ['last', statistics.lastSuccess === null ? 'never' : inTime(statistics.lastSuccess, screen)],
    ['next', nextRun === null ? 'none (no automatic backups)' : inTime(nextRun, screen)],
    ['schedule', scheduleInWords(policy)],
    ['chains', chainsInWords(policy)],
    ['retention', retentionInWords(policy)],
    ['compression', policy.compression],
    ['drills', drillsInWords(policy)],
    [
      'proven',
      statistics.lastProven === null
        ? 'no restore or drill yet'
        : `restored ${inTime(statistics.lastProven, screen)}${
          statistics.restoreTime === null ? '' : `, in ${inDuration(statistics.restoreTime)}`
        }`
    ]
  ]
  const title = `${colours.bold(name)}${isDefault ? ', the default' : ''}: ${
    paintSourceState(state.state, state.state, colours)
  }`
  return [title, ...factLines(facts, screen), ''].join('\n')
}

export function paintSourceState (text: string, state: SourceState['state'], colours: Colours): string {
  return { ok: colours.green, busy: colours.cyan, failing: colours.red, never: colours.yellow }[state](text)
}
