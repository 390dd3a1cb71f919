import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { memoryOf } from './memory.ts'

const EVERY = 25
/** Linux counts the time of a process in hundredths of a second for whoever asks. */
const TICK = 10

export interface Usage {
  /** Milliseconds by the clock on the wall, … */
  readonly took: number
  /** … and of processors, children included. */
  readonly cpu: number
  /** Most bytes of memory of all processes together; what they share counts once. */
  readonly peak: number
}

/** What `work` takes of the process `pid`, and of those below it. */
export async function usageOf (pid: number, work: () => Promise<unknown>): Promise<Usage> {
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryOf(pid).pss)
  }, EVERY)
  const [before, startedAt] = [cpuOf(pid), performance.now()]
  try {
    await work()
    return { took: performance.now() - startedAt, cpu: cpuOf(pid) - before, peak }
  } finally {
    clearInterval(timer)
  }
}

/** What the line takes that a user would type. */
export async function usageOfCommand (
  command: string,
  environment: Readonly<Record<string, string>>,
  cwd: string
): Promise<Usage & { readonly output: string }> {
  const startedAt = performance.now()
  const child = spawn('bash', ['-c', `set -eo pipefail; ${command}; echo; cat /proc/$$/stat`], {
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let [output, peak] = ['', 0]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const timer = setInterval(() => {
    peak = Math.max(peak, memoryOf(child.pid ?? 0).pss)
  }, EVERY)
  const [code] = await once(child, 'close') as [number | null]
  clearInterval(timer)
  if (code !== 0) throw new Error(`"${command}" ended with ${code}\n${output}`)
  const end = output.lastIndexOf('\n', output.length - 2)
  return { took: performance.now() - startedAt, cpu: cpuIn(output.slice(end)), peak, output: output.slice(0, end) }
}

/** Milliseconds of processor time of the process, and of the children that it has waited for. */
export function cpuOf (pid: number): number {
  return cpuIn(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

/** Its own time, and that of the children that it has waited for. See proc(5). */
function cpuIn (stat: string): number {
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 15)
    .map(Number)
  return (utime + stime + cutime + cstime) * TICK
}
