import { readFile } from 'node:fs/promises'
import { GoogleAuth, JWT } from 'google-auth-library'
import { z } from 'zod'

const SCOPE = 'https://www.googleapis.com/auth/devstorage.read_write'
/** What a token is asked for where the account itself signs nothing: as Google's own client of storage does. */
const TOKEN_SCOPES = ['iam', 'cloud-platform', 'devstorage.full_control'].map(scope =>
  `https://www.googleapis.com/auth/${scope}`
)
const serviceAccount = z.object({
  type: z.literal('service_account'),
  client_email: z.string(),
  private_key: z.string(),
  private_key_id: z.string().optional()
})

/** What gives the headers of a request; each kind of credentials has one. */
type Client = Pick<GoogleAuth, 'getRequestHeaders'>

/** Gives the headers that a request needs; keeps what it got until shortly before it ends. */
export type Authorization = (url: string) => Promise<Readonly<Record<string, string>>>

/**
 * With the credentials in the file, or those that Google's library finds: in the environment, of the user who is logged
 * in, of the machine.
 */
export function authorization (keyFile: string | undefined): Authorization {
  let client: Promise<Client> | undefined
  return async url => {
    // What could not be read is looked at anew: somebody may have put it right.
    client ??= clientOf(keyFile).catch((error: unknown) => {
      client = undefined
      throw error
    })
    return Object.fromEntries(await (await client).getRequestHeaders(url))
  }
}

async function clientOf (keyFile: string | undefined): Promise<Client> {
  if (keyFile === undefined) return new GoogleAuth({ scopes: TOKEN_SCOPES })
  const parsed = serviceAccount.safeParse(JSON.parse(await readFile(keyFile, 'utf8')))
  // Other kinds, such as identities of another cloud, Google's library tells apart.
  if (!parsed.success) return new GoogleAuth({ keyFile, scopes: TOKEN_SCOPES })
  const { client_email: email, private_key: key, private_key_id: keyId } = parsed.data
  const client = new JWT({ email, key, ...keyId === undefined ? {} : { keyId }, scopes: [SCOPE] })
  // The store takes what the account itself has signed: nobody has to be asked for a token first.
  client.useJWTAccessWithScope = true
  return client
}
