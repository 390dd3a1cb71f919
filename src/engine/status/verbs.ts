import type { StoreProbe } from '../../core/ports/store-probe.ts'
import type { Run, RunQuery } from '../../core/schedule/run.ts'
import type { EngineDeps } from '../deps.ts'
import { requireSource } from '../require-source.ts'
import type { SigningKeys } from '../signing.ts'
import { drillEvidence, type EvidenceOfDrills, type EvidenceQuery } from './drill-evidence.ts'
import { confirmKey, keyStates, type KeyState } from './keys.ts'
import { serviceStatistics, sourceState, type ServiceStatistics, type SourceState } from './sources.ts'
import { probeByName, storeStates, type StoreState } from './stores.ts'

/** What a probe may take. Milliseconds. */
const PROBE_MS = 120_000

export interface StatusVerbs {
  /** How each source stands, in the order in which they are configured. */
  sources(): Promise<readonly SourceState[]>
  /** `SOURCE_NOT_FOUND`. */
  source(name: string): Promise<SourceState>
  statistics(): Promise<ServiceStatistics>
  /** `SOURCE_NOT_FOUND`. */
  drillEvidence(query: EvidenceQuery): Promise<EvidenceOfDrills>
  /** What fell due by the schedules, and what came of it. */
  runs(query: RunQuery): Promise<{ readonly runs: readonly Run[], readonly next: number | null }>
  /** Every store, that in which backups land first. */
  stores(): Promise<readonly StoreState[]>
  /** Tries a store with one small object. `STORE_NOT_FOUND`; what goes wrong there is a finding. */
  probe(store: string): Promise<StoreProbe>
  /** Every key that is configured or needed. */
  keys(): Promise<readonly KeyState[]>
  /** Records that the recovery card of the key is stored. `KEY_NOT_FOUND`. */
  confirmKey(id: string, actor: string): Promise<KeyState>
  /** The public keys by which manifests are judged. */
  signingKeys(): SigningKeys
  /** Changes whenever anything a reader could see does. */
  version(): string
}

export function statusVerbs (deps: EngineDeps): StatusVerbs {
  const { runner, catalog } = deps
  return {
    sources: async () => (await serviceStatistics(deps)).states,
    source: async name => await sourceState(deps, requireSource(deps, name)),
    statistics: () => serviceStatistics(deps),
    drillEvidence: query => drillEvidence(deps, query),
    runs: query => catalog.runs.list(query),
    stores: () => storeStates(deps),
    probe: name => probeByName(deps, name, AbortSignal.timeout(PROBE_MS)),
    keys: () => keyStates(deps),
    confirmKey: (id, actor) => confirmKey(deps, id, actor),
    signingKeys: () => deps.signing.keys,
    version: () => `${catalog.version()}.${runner.changes}`
  }
}
