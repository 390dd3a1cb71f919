import type { SourceState } from '../../engine/engine.ts'
import type { SourceView } from '../schemas/source.ts'
import { iso } from './instant.ts'
import { presentState } from './statistics.ts'

export function presentSource (state: SourceState, now: Date): SourceView {
  return {
    name: state.name,
    kind: state.kind,
    location: state.location,
    isDefault: state.isDefault,
    state: state.state,
    policy: { ...state.policy },
    nextRun: iso(state.nextRun),
    statistics: presentState(state, now)
  }
}
