/** A time as the API writes it; nothing stays nothing. */
export function iso (time: Date | null): string | null {
  return time === null ? null : time.toISOString()
}
