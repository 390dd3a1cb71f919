import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { Manifest } from '../../../src/core/backup/manifest.ts'
import type { Placement } from '../../../src/core/restore/restore.ts'
import { directoryRestorer } from '../../../src/sources/directory/restore.ts'
import { never } from '../streams.ts'

/** Restores the backup of a directory in a process of its own: its directory, manifest and placement are arguments. */
const [directory = '', manifestText = '', placementText = ''] = process.argv.slice(2)
const manifest = JSON.parse(manifestText) as Manifest
const placement = JSON.parse(placementText) as Placement
const images = {
  open: async (part: string) => createReadStream(join(directory, part)),
  file: async (part: string) => join(directory, part)
}
const restorer = directoryRestorer()
await restorer.check(manifest, placement, never)
const placed = await restorer.place({ links: [{ manifest, images }] }, placement, () => {}, never)
process.stdout.write(JSON.stringify(placed))
