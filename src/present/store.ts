import { z } from 'zod'
import { PROBE_CHECKS, PROBE_STATUSES, type StoreProbe } from '../core/ports/store-probe.ts'
import type { StoreState } from '../engine/status/stores.ts'
import { count } from './common.ts'

export const storeSchema = z.object({
  name: z.string(),
  kind: z.string().meta({ description: 'The kind of the store, as in "kind" in holdfast.yaml.' }),
  place: z.string().meta({ description: 'The location, without secrets.' }),
  landing: z.boolean().meta({
    description: 'Whether this is the landing store, in which backups are written first.'
  }),
  remembered: z.boolean().meta({
    description: 'Whether the store is only read: it was imported with `rebuild --from`.'
  }),
  state: z.enum(['ok', 'waiting', 'failing']).meta({
    description: 'waiting: some copies are not made yet; failing: the last attempt of one of them failed.'
  }),
  stored: count.meta({ description: 'Number of backups in it.' }),
  bytes: count,
  waiting: count.meta({ description: 'Number of copies that are not made yet.' }),
  failure: z.string().nullable().meta({ description: 'Error of the last attempt.' }),
  appendOnly: z.boolean(),
  lock: z.boolean().meta({ description: 'Whether copies are locked against removal.' }),
  bandwidth: count.nullable().meta({ description: 'Bytes per second; null: no limit.' })
}).meta({ id: 'Store' })

export const probeSchema = z.object({
  store: z.string(),
  ok: z.boolean().meta({ description: 'Whether nothing failed; there may be warnings.' }),
  findings: z.array(z.object({
    check: z.enum(PROBE_CHECKS),
    status: z.enum(PROBE_STATUSES),
    message: z.string(),
    remedy: z.string().nullable().meta({ description: 'The remedy, if one is needed.' })
  }))
}).meta({ id: 'StoreProbe' })

export type StoreView = z.infer<typeof storeSchema>

export function presentStore ({
  name,
  kind,
  place,
  isLanding,
  isRemembered,
  state,
  stored,
  bytes,
  waiting,
  failure,
  isAppendOnly,
  hasLock,
  bandwidth
}: StoreState): StoreView {
  return {
    name,
    kind,
    place,
    landing: isLanding,
    remembered: isRemembered,
    state,
    stored,
    bytes,
    waiting,
    failure,
    appendOnly: isAppendOnly,
    lock: hasLock,
    bandwidth
  }
}

export function presentProbe ({ store, ok, findings }: StoreProbe): z.infer<typeof probeSchema> {
  return {
    store,
    ok,
    findings: findings.map(({ check, status, message, remedy }) => ({ check, status, message, remedy }))
  }
}
