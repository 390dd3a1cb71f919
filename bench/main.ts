import { cpus, totalmem } from 'node:os'
import { benchBusy } from './busy.ts'
import { benchDisaster } from './disaster.ts'
import { benchFullBackup } from './full-backup.ts'
import { benchLatency } from './latency.ts'
import { benchMemory } from './memory.ts'
import { benchOffsite } from './offsite.ts'
import { benchRequests } from './requests.ts'
import { benchRestore } from './restore.ts'
import { benchScale } from './scale.ts'
import { benchTree, SMALL_TREES, TREES } from './tree.ts'

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  full: () => benchFullBackup(500),
  restore: () => benchRestore(500),
  busy: () => benchBusy([500, 2000]),
  memory: () => benchMemory([500, 4000]),
  latency: () => benchLatency(500),
  requests: benchRequests,
  scale: benchScale,
  tree: () => benchTree(TREES),
  'tree-small': () => benchTree(SMALL_TREES),
  offsite: () => benchOffsite(500),
  disaster: () => benchDisaster(500)
}

/** `npm run bench` measures everything; `npm run bench -- full latency` only these. */
const chosen = process.argv.slice(2)
console.log(
  `Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}, ${
    Math.round(totalmem() / 2 ** 30)
  } GiB`
)
for (const [name, bench] of Object.entries(BENCHES)) if (chosen.length === 0 || chosen.includes(name)) await bench()
