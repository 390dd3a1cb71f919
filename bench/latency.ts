import autocannon from 'autocannon'
import { database } from './databases.ts'
import { backup, withService } from './service.ts'
import { printTable } from './table.ts'
import { tokenFor } from '../test/support/http/token.ts'

/** Requests a second to each address, as several dashboards and probes would send them. */
const RATE = 50

function ask (url: string, duration: number): Promise<autocannon.Result> {
  return autocannon({
    url,
    connections: 2,
    overallRate: RATE,
    duration,
    headers: { authorization: `Bearer ${tokenFor('viewer')}` }
  })
}

/** How long probes and dashboards wait while a backup runs. */
export async function benchLatency (megabytes: number): Promise<void> {
  const path = database(megabytes)
  const rows: string[][] = []
  for (const compression of ['zstd', 'gzip', 'none']) {
    await withService(path, async service => {
      let isRunning = true
      const backups = (async () => {
        // Read in a call, so that the compiler does not take the value for unchanging.
        while (((): boolean => isRunning)()) await backup(service, { compression, verify: true })
      })()
      const [health, stats] = await Promise.all(
        ['/health', '/api/backups/stats'].map(address => ask(service.url + address, 15))
      )
      isRunning = false
      await backups
      for (const [name, result] of [['/health', health], ['/api/backups/stats', stats]] as const) {
        if (result === undefined || result.non2xx > 0) throw new Error(`${name} did not answer well`)
        rows.push([
          `${name} (${compression})`,
          `${result.latency.p50} ms`,
          `${result.latency.p99} ms`,
          `${result.latency.max} ms`,
          String(result.requests.total)
        ])
      }
    })
  }
  printTable(`Latency while backups of ${megabytes} MB run one after the other`, [
    'address',
    'p50',
    'p99',
    'longest',
    'requests'
  ], rows)
}
