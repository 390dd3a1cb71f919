/**
 * Of what a copy of the catalog is for: backups and what was decided on them, settings, tokens; not the catalog's own
 * backups.
 */
export interface ChangeCount {
  /** How often it has changed, and how often it had when it was last saved. */
  read(): Promise<{ readonly changes: number, readonly saved: number }>
  /** A copy was made that has so many changes. */
  saved(changes: number): Promise<void>
}
