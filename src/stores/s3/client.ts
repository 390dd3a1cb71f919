import { S3Client } from '@aws-sdk/client-s3'
import { boundAnswers } from './bound-answers.ts'
import type { S3Credentials, S3StoreOptions } from './options.ts'

const CONNECT_MS = 10_000
const IDLE_MS = 60_000
/** From the sending of a request to the beginning of its answer: enough for a part over a line of 10 KB a second. */
const REQUEST_MS = 15 * 60_000
const SOCKETS = 32

/**
 * A client that tries everything once: how often and when it is tried again is decided in bucket.ts. Checksums are ours
 * to give, for the SDK would stream them in a form that look-alikes refuse.
 */
export function makeClient ({ region, endpoint, pathStyle, profile, credentials, proxy, idleTimeout = IDLE_MS }:
  S3StoreOptions): S3Client {
  const agent = { keepAlive: true, maxSockets: SOCKETS, ...proxy === undefined ? {} : { proxyEnv: proxy } }
  const client = new S3Client({
    region,
    forcePathStyle: pathStyle,
    ...endpoint === undefined ? {} : { endpoint },
    ...credentials === undefined ? {} : { credentials: revealed(credentials) },
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: profile === 'aws',
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      socketTimeout: idleTimeout,
      requestTimeout: REQUEST_MS,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent
    }
  })
  boundAnswers(client)
  return client
}

function revealed ({ accessKeyId, secretAccessKey, sessionToken }: S3Credentials): {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
} {
  return {
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    ...sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }
  }
}
