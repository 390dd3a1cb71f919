import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** The right to mount, by its number in the mask of `/proc/self/status`. */
const CAP_SYS_ADMIN = 21n

/** Why no such mount can be made here; false: it can. */
export const noDeadMounts = !existsSync('/dev/fuse')
  ? 'there is no /dev/fuse'
  : mayMount()
  ? false
  : 'this process must not mount'

function mayMount (): boolean {
  const mask = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  return ((BigInt(`0x${mask ?? '0'}`) >> CAP_SYS_ADMIN) & 1n) === 1n
}

/**
 * A mount whose server never answers: each call in it hangs until the test ends. Nobody reads the requests that the
 * system writes to the descriptor. https://docs.kernel.org/filesystems/fuse/fuse.html
 */
export function mountDead (t: Pick<TestContext, 'after'>): string {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-dead-'))
  const server = openSync('/dev/fuse', 'r+')
  execFileSync('mount', ['-i', '-t', 'fuse', 'holdfast', path, '-o', 'fd=3,rootmode=40000,user_id=0,group_id=0'], {
    stdio: ['ignore', 'inherit', 'inherit', server]
  })
  t.after(() => {
    closeSync(server)
    execFileSync('umount', ['-l', path])
    rmdirSync(path)
  })
  return path
}
