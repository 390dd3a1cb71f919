import { readFile } from 'node:fs/promises'
import { Storage } from '@google-cloud/storage'
import { JWT } from 'google-auth-library'
import { z } from 'zod'

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write'
const serviceAccount = z.object({ type: z.literal('service_account'), client_email: z.string(), private_key: z.string(), private_key_id: z.string().optional() })

/** Gives the headers that a request needs; keeps what it got until shortly before it ends. */
export type Authorization = (url: string) => Promise<Readonly<Record<string, string>>>

/** With the credentials in the file, or those that the SDK finds by itself: in the environment, of the machine, of whoever is logged in. */
export function authorization (keyFile: string | undefined): Authorization {
  let client: Promise<Pick<Storage['authClient'], 'getRequestHeaders'>> | undefined
  return async url => {
    // What could not be read is looked at anew: somebody may have put it right.
    client ??= clientOf(keyFile).catch((error: unknown) => {
      client = undefined
      throw error
    })
    return Object.fromEntries(await (await client).getRequestHeaders(url))
  }
}

async function clientOf (keyFile: string | undefined): Promise<Pick<Storage['authClient'], 'getRequestHeaders'>> {
  if (keyFile === undefined) return new Storage().authClient
  const parsed = serviceAccount.safeParse(JSON.parse(await readFile(keyFile, 'utf8')))
  // Other kinds, such as those of another cloud's identities, the SDK makes out itself.
  if (!parsed.success) return new Storage({ keyFilename: keyFile }).authClient
  const { client_email: email, private_key: key, private_key_id: keyId } = parsed.data
  const client = new JWT({ email, key, ...keyId === undefined ? {} : { keyId }, scopes: [SCOPE] })
  // The store takes what the account itself has signed: nobody has to be asked for a token first.
  client.useJWTAccessWithScope = true
  return client
}
