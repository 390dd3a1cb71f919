import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { outputSchema } from '../src/cli/schemas.ts'

/** Writes docs/cli.schema.json anew: what the commands print with `--json`, for programs that read it. */
writeFileSync(join(import.meta.dirname, '../docs/cli.schema.json'), `${JSON.stringify(outputSchema(), undefined, 2)}\n`)
