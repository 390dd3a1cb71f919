import type { RestoreByHand } from '../../core/ports/source-kind.ts'

/** How a backup of a directory is looked at and extracted. */
export const DIRECTORY_BY_HAND: RestoreByHand = {
  tool: 'GNU tar',
  note: `\
  tar -tvf $B                                  list its content
  mkdir restored
  tar -xpf $B -C restored --numeric-owner      as root, to keep the owners

The part "files" lists its entries, one JSON text a line. An increment (its
manifest has "link.parent") has only what changed: extract the full backup
first, then each increment in order into the same directory, and then remove
what the list of the last one does not contain:

  jq -r 'select(.path) | .path' <list> | LC_ALL=C sort > listed
  (cd restored && find . -mindepth 1 -printf '%P\\n') | LC_ALL=C sort > found
  LC_ALL=C comm -13 listed found               remove these

Paths that are not UTF-8 are in the list as "path64", in base64.
`,
  command: 'tar -tvf backup.tar'
}
