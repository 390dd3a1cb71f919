import type { EngineDeps, ProtectedSource } from './deps.ts'

/** How late a run may be before it is missed: an hour, or one more interval where that is shorter. Milliseconds. */
const GRACE = 3_600_000

/**
 * A good backup of the source that was started at or after this must exist, or its schedule was not kept. null: nothing
 * is asked of it, because no backups are made by themselves or the first is not due yet.
 */
export async function freshSince (deps: EngineDeps, chosen: ProtectedSource): Promise<Date | null> {
  const { enabled, interval } = deps.settings.policyFor(chosen)
  if (!enabled || interval === null) return null
  return await Promise.resolve(new Date(deps.clock.now().getTime() - interval - Math.min(interval, GRACE)))
}
