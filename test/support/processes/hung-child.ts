import '../../../src/config/threads.ts'
import { open, stat } from 'node:fs/promises'
import { endIfHung } from '../../../src/app/ending.ts'

// Nobody ever writes to the pipe: each of these keeps a thread for good, as a call on a dead mount does.
const hung = Array.from({ length: 8 }, () => open(process.argv[2] ?? ''))
await Promise.race([...hung, stat('..')])
process.stdout.write('answered')
await endIfHung(3)
