/** The one of `known` that `word` is most likely a slip of, or undefined where none is like it. */
export function nearest (word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map(candidate => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
  const best = ranked[0]
  return best !== undefined && best.distance <= Math.max(2, Math.floor(word.length / 3)) ? best.candidate : undefined
}

/**
 * Letters to insert, drop or change to make `b` of `a`. A distance above `most` need not be exact, and is found sooner.
 */
export function editDistance (a: string, b: string, most = Number.POSITIVE_INFINITY): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    let least = i + 1
    for (let j = 0; j < b.length; j++) {
      const change = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)
      const distance = Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1)
      next.push(distance)
      if (distance < least) least = distance
    }
    // No later row has a smaller one.
    if (least > most) return least
    row = next
  }
  return row[b.length] ?? 0
}
