import { shortened } from '../../core/shortened.ts'

/** Characters of a message in a reason or an error. */
const LENGTH = 500

/** The last error in what a program of PostgreSQL wrote to standard error, without the name of the program. */
export function lastMessage (messages: string): string {
  const lines = messages.split('\n').map(line => line.trim()).filter(line => line !== '')
  const errors = lines.filter(line => /\berror:/i.test(line))
  return shortened((errors.at(-1) ?? lines.at(-1) ?? '').replace(/^\w+: (?:error: )?/, ''), LENGTH)
}
