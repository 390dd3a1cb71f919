import { createInterface } from 'node:readline/promises'
import { BackupError } from '../core/errors.ts'
import { printable } from '../core/printable.ts'

/** Asks on the terminal. Only "y" and "yes" are yes; Ctrl-D is no. Ctrl-C rejects with `CANCELLED`. */
export async function ask (
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream
): Promise<boolean> {
  const terminal = createInterface({ input, output })
  const given = Promise.withResolvers<string | null>()
  const newLine = (): void => {
    output.write('\n')
  }
  terminal.on('SIGINT', () => {
    newLine()
    given.reject(new BackupError('CANCELLED', 'interrupted', { hint: 'Nothing was changed.' }))
  })
  terminal.on('close', () => {
    given.resolve(null)
  })
  terminal.question(`${printable(question)} [y/N] `).then(given.resolve, given.reject)
  try {
    const answer = await given.promise
    if (answer === null) newLine()
    return /^\s*y(es)?\s*$/i.test(answer ?? '')
  } finally {
    terminal.close()
  }
}
