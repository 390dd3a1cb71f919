import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { parseManifest, serializeManifest, withSignature } from '../../../src/core/backup/manifest.ts'
import { signingKeyId } from '../../../src/core/backup/signature.ts'
import { commandLine, type CommandLine } from './command-line.ts'
import { testSigning, type TestSigning } from '../engine/signing.ts'

export interface NewMachine extends CommandLine {
  /** A path where nothing is, to restore to. */
  readonly target: string
  /** The id of the key that the old machine signed with. */
  readonly keyId: string
}

/**
 * A new machine on the store of an old one, signing as `signing` returns for the public key of the old one. The old one
 * made backup 1; someone with write access to its store took the signature from a copy of it and dated that later, but
 * not in the future: backup 99.
 */
export async function newMachine (
  t: Pick<TestContext, 'after'>,
  signing: (key: string) => TestSigning
): Promise<NewMachine> {
  const old = await commandLine(t)
  const backup = await old.create()
  const name = 'shop-backup-2025-11-24T23-30-20.db'
  const signed = parseManifest(readFileSync(`${backup.filePath}.manifest.json`, 'utf8'))
  const forged = { ...signed, id: 99, startedAt: '2025-11-24T23:30:20.000Z' }
  writeFileSync(join(old.directory, name), readFileSync(backup.filePath))
  const manifest = withSignature({ ...forged, object: { ...forged.object, name } }, undefined)
  writeFileSync(join(old.directory, `${name}.manifest.json`), serializeManifest(manifest))
  const { publicKey } = old.deps.signing.keys
  const line = await commandLine(t, { directory: old.directory, instance: 'test', signing: signing(publicKey ?? '') })
  line.clock.move(60_000)
  return { ...line, target: join(old.directory, '../target.db'), keyId: signingKeyId(publicKey ?? '') }
}

/** The key of the old machine is trusted; `isRequired`: a signature by a trusted key is. */
export const trusting = (isRequired: boolean) => (key: string): TestSigning =>
  testSigning({ trusted: [key], isRequired })
