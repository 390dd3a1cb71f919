/** Nanoseconds since 1970 by the clock of this system. */
export function now (): bigint {
  return BigInt(Math.trunc((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}
