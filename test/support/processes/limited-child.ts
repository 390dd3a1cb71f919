import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { systemCode } from '../../../src/core/errors.ts'
import { fileImages } from '../../../src/engine/artifacts/images.ts'
import { sqliteInspector } from '../../../src/sources/sqlite/sqlite-source.ts'
import { useUpFiles } from './use-up-files.ts'

/**
 * Uses up the descriptors (`files`) or processes (`processes`) that its limit allows, then inspects the image that is
 * the second argument, and prints the error: for a test that runs it with a low limit.
 */
const [what, image] = process.argv.slice(2)
const others: ChildProcess[] = []
if (what === 'files') useUpFiles()
else await useUpProcesses()

try {
  await sqliteInspector().inspect(fileImages(image ?? ''), null, new AbortController().signal)
  process.stdout.write('{}')
} catch (error) {
  const { code, message, hint } = error as { code?: string, message: string, hint?: string }
  process.stdout.write(JSON.stringify({ code, message, hint }))
}
for (const other of others) other.kill('SIGKILL')

async function useUpProcesses (): Promise<void> {
  for (;;) {
    const other = spawn('sleep', ['600'], { stdio: 'ignore' })
    try {
      await once(other, 'spawn')
    } catch (error) {
      if (systemCode(error) !== 'EAGAIN') throw error
      return
    }
    others.push(other)
  }
}
