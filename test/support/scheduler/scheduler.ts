import type { TestContext } from 'node:test'
import type { Logger } from '../../../src/core/logger.ts'
import type { Run } from '../../../src/core/schedule/run.ts'
import { housekeep } from '../../../src/engine/recovery/housekeep.ts'
import { Scheduler, type SchedulerOptions } from '../../../src/scheduler/scheduler.ts'
import { testEngine, type TestEngine, type TestEngineOptions } from '../engine/engine.ts'

export interface Line {
  readonly level: string
  readonly message: string
  readonly facts: object
}

export interface Bench extends TestEngine {
  readonly scheduler: Scheduler
  readonly lines: Line[]
  /** Another scheduler on the same engine, as after a crash: it knows of nothing that is under way. */
  restart(): Scheduler
  /** Looks what is due, and waits until all of it has ended. */
  tick(): Promise<void>
  /** Ids of the scheduled backups, whatever became of them. */
  scheduled(): Promise<readonly number[]>
  /** Every run, oldest first. */
  runs(): Promise<readonly Run[]>
}

/** An engine with its scheduler, which looks when it is told to. No prune, unless `given` names one. */
export async function schedulerBench (
  t: Pick<TestContext, 'after'>,
  options: TestEngineOptions = {},
  given: Partial<SchedulerOptions> = {}
): Promise<Bench> {
  const engine = await testEngine(t, options)
  const lines: Line[] = []
  const log = (level: string) => (facts: object, message: string): void => {
    lines.push({ level, message, facts })
  }
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') }
  const restart = (): Scheduler =>
    new Scheduler({
      engine: engine.engine,
      runs: engine.deps.catalog.runs,
      version: () => engine.deps.catalog.version(),
      calendar: engine.deps.calendar,
      housekeep: () => housekeep(engine.deps),
      events: engine.deps.events,
      clock: engine.clock,
      logger,
      prune: null,
      jitterMs: 0,
      ...given
    })
  const scheduler = restart()
  return {
    ...engine,
    scheduler,
    lines,
    restart,
    async tick () {
      await scheduler.tick()
      await scheduler.settled()
    },
    scheduled: async () =>
      (await engine.engine.backups({ type: 'scheduled', limit: 100 })).backups.map(({ id }) => id).toReversed(),
    runs: async () => (await engine.engine.runs({ limit: 500 })).runs.toReversed()
  }
}
