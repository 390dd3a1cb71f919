import type { NewRun, RuleState, Run, RunBook, RunChanges } from '../../../src/core/schedule/run.ts'

export const DUE = new Date('2025-11-24T03:00:00.000Z')

export function aRun (given: Partial<Run> = {}): Run {
  return {
    id: 1,
    kind: 'backup',
    source: 'shop',
    rule: 'daily',
    tier: 'daily',
    method: 'full',
    dueAt: DUE,
    status: 'waiting',
    attempts: 0,
    nextAttemptAt: null,
    backupId: null,
    reason: null,
    errorCode: null,
    startedAt: null,
    finishedAt: null,
    ...given
  }
}

export function newRun (given: Partial<NewRun> = {}): NewRun {
  return {
    kind: 'backup',
    source: 'shop',
    rule: 'daily',
    tier: 'daily',
    method: 'full',
    dueAt: DUE,
    status: 'waiting',
    nextAttemptAt: null,
    reason: null,
    finishedAt: null,
    ...given
  }
}

export function aRule (given: Partial<RuleState> = {}): RuleState {
  return {
    kind: 'backup',
    source: 'shop',
    rule: 'daily',
    definition: '0 3 * * * UTC',
    since: new Date('2025-01-01T00:00:00.000Z'),
    ...given
  }
}

export function aBook (given: Partial<RunBook> = {}): RunBook {
  return { rules: [], newest: [], open: [], ...given }
}

export function changes (given: Partial<RunChanges> = {}): RunChanges {
  return { rules: [], dropped: [], added: [], changed: [], ...given }
}
