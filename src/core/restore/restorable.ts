import type { Manifest } from '../backup/manifest.ts'
import type { PlainImages } from '../ports/images.ts'

/** One backup of a chain, with its content. */
export interface Link {
  readonly manifest: Manifest
  readonly images: PlainImages
}

/** What is put back: a full backup, and the increments on it, in their order. */
export interface Restorable {
  readonly links: readonly [Link, ...Link[]]
}

/** The backup that is restored: the last one of its chain. */
export function lastLink ({ links }: Restorable): Link {
  return links.at(-1) ?? links[0]
}
