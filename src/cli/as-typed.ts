/** What may follow the name of the program; a test compares them with the program. */
export const COMMANDS = [
  'audit',
  'backup',
  'completion',
  'config',
  'describe',
  'diff',
  'doctor',
  'download',
  'drill',
  'drills',
  'export',
  'files',
  'help',
  'import',
  'key',
  'list',
  'pin',
  'prune',
  'rebuild',
  'recover',
  'release',
  'remove',
  'report',
  'rescue',
  'restore',
  'restore-from-trash',
  'restores',
  'runs',
  'salvage',
  'sample',
  'scheduler',
  'serve',
  'show',
  'sources',
  'stats',
  'stores',
  'token',
  'unpin',
  'upload',
  'verify'
] as const

const NAME = new RegExp(
  `(?<![\\w./-])holdfast(?= (?:(?:${COMMANDS.join('|')})(?![\\w-])|--[a-z]|\\[|<command>))`,
  'g'
)

/** Our commands in a text as the user has to type them: `command` in place of `holdfast`. */
export function asTyped (text: string, command: string): string {
  return command === 'holdfast' ? text : text.replaceAll(NAME, () => command)
}
