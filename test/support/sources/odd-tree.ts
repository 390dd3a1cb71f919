import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  realpathSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { noise } from '../streams.ts'

/** The apparent size of the sparse file of an odd tree. */
export const SPARSE_SIZE = 100 * 1024 ** 3

/** An empty directory that is gone after the test, also with paths in it that are too long for one call. */
export function deepTempDir (t: Pick<TestContext, 'after'>): string {
  const path = mkdtempSync(join(realpathSync(tmpdir()), 'holdfast-'))
  t.after(() => {
    spawnSync('chmod', ['-R', 'u+rwX', path])
    spawnSync('rm', ['-rf', path])
  })
  return path
}

/**
 * Fills a directory with what real trees rarely have: names of any bytes, links of all kinds, modes, times before 1970,
 * a sparse file of 100 GiB. A path of 4,000 bytes and a FIFO, too.
 */
export function makeOddTree (directory: string): void {
  const at = (name: string | Buffer): Buffer => Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name)])
  const write = (name: string | Buffer, content: string | Buffer): Buffer => {
    writeFileSync(at(name), content)
    return at(name)
  }
  mkdirSync(at('payloads/2025/11'), { recursive: true })
  mkdirSync(at('payloads/2024'))
  mkdirSync(at('empty'))
  mkdirSync(at('a'))
  write('a/x', 'inside of a')
  write('a-b', 'sorts after the content of a')
  write('zero', '')
  write('payloads/2025/11/one.json', noise(100_000))
  write('payloads/2025/11/two.json', noise(512))
  write('payloads/2024/old.json', noise(70_000))
  write('line\nbreak', 'a newline in its name')
  write(Buffer.from([0x63, 0x61, 0x66, 0xe9]), 'Latin-1')
  write('Grüße ☃', 'UTF-8')
  write(' leading and trailing ', 'spaces')
  write('-rf', 'no option')
  write('x'.repeat(255), 'the longest name')
  linkSync(at('payloads/2025/11/one.json'), at('hard'))
  linkSync(at('payloads/2025/11/one.json'), at('payloads/2024/hard too'))
  symlinkSync('payloads/2025', at('inner'))
  symlinkSync('/etc/passwd', at('absolute'))
  symlinkSync('../../outside', at('outwards'))
  symlinkSync('nowhere', at('dangling'))
  write('secret', 'for one')
  write('set', 'set-user-ID')
  if (process.getuid?.() === 0) {
    chownSync(at('secret'), 4_000_000, 5_000_000)
    chownSync(at('set'), 1, 1)
  }
  chmodSync(at('secret'), 0o600)
  chmodSync(at('set'), 0o4755)
  chmodSync(at('empty'), 0o1777)
  const sparse = openSync(at('sparse'), 'w')
  writeSync(sparse, noise(4096), 0, 4096, 1024 ** 3)
  writeSync(sparse, noise(4096), 0, 4096, 40 * 1024 ** 3)
  closeSync(sparse)
  truncateSync(at('sparse'), SPARSE_SIZE)
  spawnSync('mkfifo', ['fifo'], { cwd: directory })
  // The shell goes there step by step, for no call takes so long a path from the root on.
  const deep = Array.from({ length: 15 }, (_, level) => `${level}${'d'.repeat(247)}`).join('/')
  spawnSync('mkdir', ['-p', deep], { cwd: directory })
  spawnSync('sh', ['-c', `cd '${deep}' && echo deep > '${'f'.repeat(4000 - deep.length - 1)}'`], { cwd: directory })
  spawnSync('touch', ['-d', '1969-07-20 20:17:40.123456789 UTC', 'a-b', 'empty'], { cwd: directory })
  spawnSync('touch', ['-d', '2255-01-01 00:00:00.000000001 UTC', 'a/x'], { cwd: directory })
  spawnSync('touch', ['-h', '-d', '2001-02-03 04:05:06.7 UTC', 'dangling'], { cwd: directory })
  spawnSync('touch', ['-d', '2020-01-01 00:00:00.5 UTC', 'payloads', '.'], { cwd: directory })
}

/**
 * What rsync would have to change in `copy` to make it like `original`: content, links, owners, modes, times, extended
 * attributes; empty: nothing. FIFOs are left out.
 */
export function differences (original: string, copy: string): string {
  const { stdout, stderr, status } = spawnSync('rsync', [
    '-naHAX',
    '--checksum',
    '--itemize-changes',
    '--delete',
    '--no-specials',
    '--exclude=/sparse',
    `${original}/`,
    `${copy}/`
  ], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return stdout.replaceAll(/^skipping .*\n/gm, '')
}
