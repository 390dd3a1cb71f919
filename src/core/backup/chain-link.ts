import { z } from 'zod'

/**
 * A place in the history of a source: 16 lowercase hex digits, so that their order as text is the order in time. What
 * it counts belongs to the kind of the source: bytes of the log of a PostgreSQL server (LSN), transactions of a SQLite
 * database (TXID). Two positions may only be compared within one lineage.
 */
export type Position = string

/** The stored main object of the backup that an increment is built on: what outlasts a catalog and its numbers. */
export interface ParentName {
  readonly name: string
  /** Of the stored bytes, in hex. */
  readonly sha256: string
}

/** Where a backup stands in a chain: a full backup, and the increments that are built on it one after the other. */
export interface ChainLink {
  /** The same for the full backup and for all increments on it. */
  readonly chain: string
  /** A history of the source without a fork: positions of two lineages say nothing about each other. */
  readonly lineage: string
  /** null: a full backup. */
  readonly parent: ParentName | null
  /** How many increments lie between this backup and its full one, itself counted: 0 for the full one. */
  readonly depth: number
  /** To be usable, the backup needs the captured log from here … */
  readonly from: Position
  /** … to here, and restores to this position. Equal to `from`: it needs none. */
  readonly to: Position
}

/** What a catalog repeats of a link; there the parent is a number. */
export type LinkOutline = Omit<ChainLink, 'parent'>

export const positionSchema = z.string().regex(/^[0-9a-f]{16}$/)

/** A part of an object's key, too, so that nothing in it leads to another folder. */
const historyName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)

/** A `ChainLink` as a manifest records it; the order of the keys is part of the format. */
export const chainLinkSchema = z.strictObject({
  chain: historyName,
  lineage: historyName,
  parent: z.strictObject({ name: z.string().min(1), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).nullable(),
  depth: z.int().nonnegative(),
  from: positionSchema,
  to: positionSchema
}).superRefine(({ parent, depth, from, to }, context) => {
  if ((parent === null) !== (depth === 0)) {
    context.addIssue({ code: 'custom', path: ['depth'], message: 'a full backup has depth 0, an increment more' })
  }
  if (from > to) context.addIssue({ code: 'custom', path: ['from'], message: 'it is later than "to"' })
})
