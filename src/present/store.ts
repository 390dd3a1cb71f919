import { z } from 'zod'
import { PROBE_CHECKS, PROBE_STATUSES, type StoreProbe } from '../core/ports/store-probe.ts'
import type { StoreState } from '../engine/status/stores.ts'
import { count } from './common.ts'

export const storeSchema = z.object({
  name: z.string(),
  kind: z.string().meta({ description: 'The kind of the store, as "kind" in holdfast.yaml names it.' }),
  place: z.string().meta({ description: 'Where it is, without anything secret.' }),
  landing: z.boolean().meta({
    description: 'Whether backups land here first, and are copied to the others from here.'
  }),
  remembered: z.boolean().meta({
    description: 'Whether it was only taken over from, by its URL: nothing is ever written there.'
  }),
  state: z.enum(['ok', 'waiting', 'failing']).meta({
    description: 'waiting: copies are still to come; failing: the last try of one of them failed.'
  }),
  stored: count.meta({ description: 'Backups that it holds.' }),
  bytes: count,
  waiting: count.meta({ description: 'Copies that were promised and are not there yet.' }),
  failure: z.string().nullable().meta({ description: 'Why the last try failed.' }),
  appendOnly: z.boolean(),
  lock: z.boolean().meta({ description: 'Whether copies are locked against removal.' }),
  bandwidth: count.nullable().meta({ description: 'Bytes a second; null: no limit.' })
}).meta({ id: 'Store' })

export const probeSchema = z.object({
  store: z.string(),
  ok: z.boolean().meta({ description: 'Whether nothing failed; there may be warnings.' }),
  findings: z.array(z.object({
    check: z.enum(PROBE_CHECKS),
    status: z.enum(PROBE_STATUSES),
    message: z.string(),
    remedy: z.string().nullable().meta({ description: 'What to do, where something is to be done.' })
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
