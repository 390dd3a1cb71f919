import type { Surroundings } from '../../../src/engine/status/alert-facts.ts'

/** Every database is there, and nothing is wrong with the configuration. */
export const NOTHING_AROUND: Surroundings = { missing: new Set(), notices: [], ownSource: 'holdfast' }
