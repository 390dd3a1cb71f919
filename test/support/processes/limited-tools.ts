import { setImmediate as turn } from 'node:timers/promises'
import { extractTar } from '../../../src/sources/directory/extract-tar.ts'
import { runTool } from '../../../src/sources/directory/run-tool.ts'
import { startTar } from '../../../src/sources/directory/tar-program.ts'
import { never } from '../streams.ts'
import { useUpFiles } from './use-up-files.ts'

/**
 * Uses up the descriptors that its limit allows, then starts each program of a restore and of a backup of a directory,
 * and prints the codes of the errors: for a test that runs it with a low limit.
 */
const programs = {
  runTool: async () => await runTool('true', [], { cwd: '/', what: 'do anything' }),
  extractTar: async () => await extractTar(nothing(), { cwd: '/', isOwnerKept: false, hasAttributes: false }, never),
  startTar: async () => await startTar({ program: 'tar', xattrs: false })
}
useUpFiles()
const errors: Record<string, unknown> = {}
for (const [name, run] of Object.entries(programs)) {
  try {
    await run()
    errors[name] = 'none'
  } catch (error) {
    const { code, message } = error as { code?: string, message: string }
    errors[name] = `${code}: ${message}`
  }
  // What is reported late ends this process unless somebody listens.
  await turn()
}
process.stdout.write(JSON.stringify(errors))

async function* nothing (): AsyncGenerator<Buffer, void> {}
