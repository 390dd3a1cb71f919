import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'

/** The account that Azurite has by itself, and that its manual prints. */
const ACCOUNT = 'devstoreaccount1'
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
const MAIN = join(import.meta.dirname, '../../../node_modules/azurite/dist/src/blob/main.js')
const LISTENING = /listens on (http:\/\/[\d.:]+)/

export interface Azurite {
  readonly account: string
  readonly key: string
  readonly endpoint: string
  /** Makes a new container, and tells its name. */
  container(): Promise<string>
  clientOf(container: string): ContainerClient
  stop(): Promise<void>
}

/** Microsoft's own emulator of Azure Blob Storage, in a process of its own, with all it keeps in memory. */
export async function startAzurite (): Promise<Azurite> {
  const child = spawn(process.execPath, [
    MAIN,
    '--inMemoryPersistence',
    '--skipApiVersionCheck',
    '--disableTelemetry',
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    '0',
    '--silent'
  ], { stdio: ['ignore', 'pipe', 'inherit'] })
  const endpoint = `${await addressOf(child.stdout)}/${ACCOUNT}`
  const credential = new StorageSharedKeyCredential(ACCOUNT, KEY)
  let made = 0
  const clientOf = (container: string): ContainerClient => new ContainerClient(`${endpoint}/${container}`, credential)
  return {
    account: ACCOUNT,
    key: KEY,
    endpoint,
    clientOf,
    async container () {
      const name = `container-${++made}`
      await clientOf(name).create()
      return name
    },
    async stop () {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
  }
}

async function addressOf (output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [, address] = LISTENING.exec(line) ?? []
    if (address !== undefined) {
      output.resume()
      return address
    }
  }
  throw new Error('Azurite ended before it listened')
}
