/** The most that one page has. */
const PAGE = 500

/** Reads page after page, up to `limit` entries. */
export async function collect<T> (
  limit: number,
  read: (page: { readonly limit: number, readonly before: number | undefined }) => Promise<
    { readonly items: readonly T[], readonly next: number | null }
  >
): Promise<T[]> {
  const all: T[] = []
  let before: number | undefined
  while (all.length < limit) {
    const { items, next } = await read({ limit: Math.min(PAGE, limit - all.length), before })
    all.push(...items)
    if (next === null) break
    before = next
  }
  return all
}
