import { BackupError, type ErrorCode } from '../core/errors.ts'
import {
  isEnded,
  type NewRun,
  type RuleKey,
  type RuleState,
  type Run,
  type RunBook,
  type RunChange,
  type RunChanges,
  type RunKind,
  type RunLog,
  type RunQuery,
  type RunStatus
} from '../core/schedule/run.ts'
import type { Tier } from '../core/tier.ts'
import type { Connection } from './connection.ts'
import { toDate } from './json.ts'

interface RuleRow {
  readonly kind: RunKind
  readonly source: string
  readonly rule: string
  readonly says: string
  readonly since: string
}

interface RunRow {
  readonly id: number
  readonly kind: RunKind
  readonly source: string
  readonly rule: string
  readonly tier: Tier | null
  readonly method: Run['method']
  readonly due_at: string
  readonly status: RunStatus
  readonly attempts: number
  readonly next_attempt_at: string | null
  readonly backup_id: number | null
  readonly reason: string | null
  readonly error_code: ErrorCode | null
  readonly started_at: string | null
  readonly finished_at: string | null
}

interface Filter {
  readonly limit: number
  readonly before: number
  readonly source: string | undefined
  readonly status: RunStatus | undefined
  readonly kind: RunKind | undefined
}

/** `runs` and `schedule_rules` in SQLite. A change of a run that has ended rejects with `CATALOG_FAILED`. */
export class SqliteRunLog implements RunLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  book (): Promise<RunBook> {
    return this.#connection.read(() => ({
      rules: this.#statements.rules.all().map(toRule),
      newest: this.#statements.newest.all().map(toRun),
      open: this.#statements.open.all().map(toRun)
    }))
  }

  rules (): Promise<readonly RuleState[]> {
    return this.#connection.read(() => this.#statements.rules.all().map(toRule))
  }

  record ({ rules, dropped, added, changed }: RunChanges): Promise<readonly Run[]> {
    return this.#connection.write(() => {
      for (const { since, ...rule } of rules) {
        this.#statements.putRule.run({ ...toKey(rule), says: rule.definition, since: since.toISOString() })
      }
      for (const rule of dropped) this.#statements.dropRule.run(toKey(rule))
      const ids = added.flatMap(run => this.#add(run) ?? [])
      const runs = [...changed.map(({ id, ...change }) => this.#change(id, change)), ...ids.map(id => this.#get(id))]
      return runs.filter(isEnded)
    })
  }

  change (id: number, change: RunChange): Promise<Run> {
    return this.#connection.write(() => this.#change(id, change))
  }

  list ({ limit, before = Number.MAX_SAFE_INTEGER, source, status, kind }: RunQuery): Promise<
    { readonly runs: readonly Run[], readonly next: number | null }
  > {
    return this.#connection.read(() => {
      // Only a prune stands under no name, so that its runs, too, are found by their source.
      const under = source ?? (kind === 'prune' ? '' : undefined)
      const rows = this.#statements.list(under !== undefined, status !== undefined).all({
        limit: limit + 1,
        before,
        source: under,
        status,
        kind
      })
      const runs = rows.slice(0, limit).map(toRun)
      const last = runs.at(-1)
      return { runs, next: last !== undefined && rows.length > limit ? last.id : null }
    })
  }

  forgetAfter (after: Date): Promise<number> {
    return this.#connection.write(() => this.#statements.forgetAfter.run(after.toISOString()).changes)
  }

  purge (before: Date): Promise<number> {
    return this.#connection.write(() => this.#statements.purge.run(before.toISOString()).changes)
  }

  /** undefined: the time has its run already. */
  #add (run: NewRun): number | undefined {
    const { changes, lastInsertRowid } = this.#statements.add.run({
      ...toKey(run),
      tier: run.tier,
      method: run.method,
      dueAt: run.dueAt.toISOString(),
      status: run.status,
      nextAttemptAt: toText(run.nextAttemptAt),
      reason: run.reason,
      finishedAt: toText(run.finishedAt)
    })
    return changes === 0 ? undefined : Number(lastInsertRowid)
  }

  #change (id: number, change: RunChange): Run {
    const before = this.#get(id)
    if (isEnded(before)) throw new BackupError('CATALOG_FAILED', `run ${id} is already ${before.status}`)
    const after = { ...before, ...change }
    this.#statements.change.run({
      id,
      status: after.status,
      method: after.method,
      attempts: after.attempts,
      nextAttemptAt: toText(after.nextAttemptAt),
      backupId: after.backupId,
      reason: after.reason,
      errorCode: after.errorCode,
      startedAt: toText(after.startedAt),
      finishedAt: toText(after.finishedAt)
    })
    return after
  }

  #get (id: number): Run {
    const row = this.#statements.get.get(id)
    if (row === undefined) throw new BackupError('CATALOG_FAILED', `there is no run ${id}`)
    return toRun(row)
  }
}

/** What concerns every source stands under no name. */
function toKey ({ kind, source, rule }: RuleKey): {
  readonly kind: RunKind
  readonly source: string
  readonly rule: string
} {
  return { kind, source: source ?? '', rule }
}

function toSource (source: string): string | null {
  return source === '' ? null : source
}

function toRule (row: RuleRow): RuleState {
  return {
    kind: row.kind,
    source: toSource(row.source),
    rule: row.rule,
    definition: row.says,
    since: toDate(row.since)
  }
}

function toRun (row: RunRow): Run {
  return {
    id: row.id,
    kind: row.kind,
    source: toSource(row.source),
    rule: row.rule,
    tier: row.tier,
    method: row.method,
    dueAt: toDate(row.due_at),
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: toDate(row.next_attempt_at),
    backupId: row.backup_id,
    reason: row.reason,
    errorCode: row.error_code,
    startedAt: toDate(row.started_at),
    finishedAt: toDate(row.finished_at)
  }
}

function toText (time: Date | null): string | null {
  return time === null ? null : time.toISOString()
}

function prepare ({ database }: Connection) {
  const select = (rest: string) =>
    database.prepare<[Filter], RunRow>(`
    SELECT * FROM runs WHERE id < @before ${rest} AND kind = coalesce(@kind, kind) ORDER BY id DESC LIMIT @limit`)
  const [all, ofStatus, ofSource, ofBoth] = [
    select(''),
    select('AND status = @status'),
    select('AND source = @source'),
    select('AND source = @source AND status = @status')
  ]
  return {
    rules: database.prepare<[], RuleRow>('SELECT * FROM schedule_rules ORDER BY kind, source, rule'),
    newest: database.prepare<[], RunRow>(`
      SELECT runs.* FROM schedule_rules AS rules
      JOIN runs ON runs.id = (SELECT max(id) FROM runs WHERE kind = rules.kind AND source = rules.source AND rule = rules.rule)`),
    open: database.prepare<[], RunRow>("SELECT * FROM runs WHERE status IN ('waiting', 'running') ORDER BY id"),
    get: database.prepare<[number], RunRow>('SELECT * FROM runs WHERE id = ?'),
    list: (hasSource: boolean, hasStatus: boolean) => {
      if (hasSource) return hasStatus ? ofBoth : ofSource
      return hasStatus ? ofStatus : all
    },
    putRule: database.prepare(`
      INSERT INTO schedule_rules (kind, source, rule, says, since) VALUES (@kind, @source, @rule, @says, @since)
      ON CONFLICT DO UPDATE SET says = excluded.says, since = excluded.since`),
    dropRule: database.prepare('DELETE FROM schedule_rules WHERE kind = @kind AND source = @source AND rule = @rule'),
    add: database.prepare(`
      INSERT INTO runs (kind, source, rule, tier, method, due_at, status, next_attempt_at, reason, finished_at)
      VALUES (@kind, @source, @rule, @tier, @method, @dueAt, @status, @nextAttemptAt, @reason, @finishedAt)
      ON CONFLICT DO NOTHING`),
    change: database.prepare(`
      UPDATE runs SET status = @status, method = @method, attempts = @attempts, next_attempt_at = @nextAttemptAt, backup_id = @backupId, reason = @reason,
        error_code = @errorCode, started_at = @startedAt, finished_at = @finishedAt
      WHERE id = @id`),
    forgetAfter: database.prepare("DELETE FROM runs WHERE due_at > ? AND status <> 'running'"),
    purge: database.prepare(`
      DELETE FROM runs WHERE finished_at < ?
        AND id < (SELECT max(id) FROM runs AS later WHERE later.kind = runs.kind AND later.source = runs.source AND later.rule = runs.rule)`)
  }
}
