import { parentPort, workerData } from 'node:worker_threads'
import {
  createMessage,
  decrypt,
  decryptSessionKeys,
  encrypt,
  readKeys,
  PacketList,
  readMessage,
  readPrivateKeys,
  type Key,
  type MaybeStream,
  type Message,
  type PrivateKey,
  type SessionKey
} from 'openpgp'
import { guarded, type TooDear } from './openpgp-guard.ts'
import { ANY_TIME, OPENPGP, sessionKeyOf, type OpenpgpFailure, type OpenpgpWork } from './openpgp-work.ts'
import { openChannel } from './thread-channel.ts'

/*
 * Seals or opens one OpenPGP stream in a thread of its own: the library does much of it in JavaScript, some
 * milliseconds for every chunk.
 */

/** The library gives out smaller pieces than are worth a message each. In bytes. */
const LEAST = 256 * 1024

type Decoding = Extract<OpenpgpWork, { readonly direction: 'decode' }>

const work = workerData as OpenpgpWork
if (parentPort === null) throw new Error('this module runs as a thread')
const channel = openChannel(parentPort)
/** What it means that the present step fails. */
let failure: OpenpgpFailure = 'damage'
guardAll()
void run()

async function run (): Promise<void> {
  try {
    const output = work.direction === 'encode' ? await sealed(work) : await opened(work)
    await sendAll(output)
    channel.end()
  } catch (error) {
    channel.fail(failure, error instanceof Error ? error.message : String(error))
  }
}

/**
 * Every sequence of packets that the library reads, in this thread: the message, and what is inside of its data. It
 * gives no other way to get between.
 */
function guardAll (): void {
  const fromBinary = PacketList.fromBinary.bind(PacketList)
  PacketList.fromBinary = (bytes, ...others) =>
    fromBinary(bytes instanceof ReadableStream ? guarded(bytes, refuse) : bytes, ...others)
}

/** The library would put words of its own around it. */
function refuse ({ message }: TooDear): void {
  channel.fail('dear' satisfies OpenpgpFailure, message)
}

async function sealed ({ sessionKey, publicKeys, passphrase }: Extract<
  OpenpgpWork,
  { readonly direction: 'encode' }
>): Promise<AsyncIterable<Uint8Array>> {
  return await encrypt({
    message: await createMessage({ binary: channel.input }),
    sessionKey: sessionKeyOf(sessionKey),
    encryptionKeys: (await allOf(publicKeys, armour => readKeys({ armoredKeys: armour }))).map(key => key.toPublic()),
    passwords: passphrase === null ? [] : [passphrase],
    date: ANY_TIME,
    format: 'binary',
    config: OPENPGP
  }) as AsyncIterable<Uint8Array>
}

async function opened (work: Decoding): Promise<AsyncIterable<Uint8Array>> {
  const message = await readMessage({ binaryMessage: channel.input, config: OPENPGP })
  let sessionKeys: SessionKey[]
  if ('sessionKey' in work) {
    sessionKeys = [sessionKeyOf(work.sessionKey)]
  } else {
    const decryptionKeys = await allOf(work.privateKeys, armour => readPrivateKeys({ armoredKeys: armour }))
    failure = 'key'
    sessionKeys = await sessionKeysOf(message, decryptionKeys, work.passphrase)
    failure = 'damage'
  }
  return (await decrypt({ message, sessionKeys, format: 'binary', config: OPENPGP })).data as AsyncIterable<Uint8Array>
}

/**
 * By a private key, which costs little, or else by the passphrase, in its turn: nothing is waited for while that lasts.
 */
async function sessionKeysOf (
  message: Message<MaybeStream<Uint8Array>>,
  decryptionKeys: PrivateKey[],
  passphrase: string | null
): Promise<SessionKey[]> {
  if (decryptionKeys.length > 0) {
    try {
      return await decryptSessionKeys({ message, decryptionKeys, config: OPENPGP }) as SessionKey[]
    } catch (error) {
      if (passphrase === null) throw error
    }
  }
  await channel.turn()
  try {
    return await decryptSessionKeys({ message, passwords: passphrase ?? [], config: OPENPGP }) as SessionKey[]
  } finally {
    channel.turnIsOver()
  }
}

async function allOf<K extends Key | PrivateKey> (
  armours: readonly string[],
  read: (armour: string) => Promise<K[]>
): Promise<K[]> {
  return (await Promise.all(armours.map(read))).flat()
}

async function sendAll (output: AsyncIterable<Uint8Array>): Promise<void> {
  let pieces: Uint8Array[] = []
  let size = 0
  const send = async (): Promise<void> => {
    const whole = new Uint8Array(size)
    let at = 0
    for (const piece of pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    pieces = []
    size = 0
    await channel.send(whole)
  }
  for await (const piece of output) {
    pieces.push(piece)
    size += piece.length
    if (size >= LEAST) await send()
  }
  if (size > 0) await send()
}
