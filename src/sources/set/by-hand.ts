import type { RestoreByHand } from '../../core/ports/source-kind.ts'

/** How a backup of a set is restored without this program: member by member. */
export const SET_BY_HAND: RestoreByHand = {
  tool: 'jq',
  note: `\
A backup of a set has the parts of several sources. "facts.details.members"
of its manifest names them, each with its kind and with its parts:

  jq '.facts.details.members[] | {name, kind, parts}' <manifest>

The part "main" is the file that the manifest is named after; "files" of the
member "payloads" is the part "payloads/files". Restore each member as a
backup of its kind: all of them are of one instant, so restore all of them.
`,
  command: "jq '.facts.details.members[] | {name, kind, parts}' backup.manifest.json"
}
