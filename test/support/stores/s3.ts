import { randomUUID } from 'node:crypto'
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  PutBucketVersioningCommand,
  S3Client
} from '@aws-sdk/client-s3'
import type { Clock } from '../../../src/core/clock.ts'
import { Secret } from '../../../src/core/secret.ts'
import type { S3StoreOptions } from '../../../src/stores/s3/options.ts'
import { radosgw, type Radosgw } from './radosgw.ts'

/** The time of the system, in which nobody waits; `waits` has what would have been waited, in milliseconds. */
export class HastyClock implements Clock {
  readonly waits: number[] = []

  now (): Date {
    return new Date()
  }

  async sleep (ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    this.waits.push(ms)
  }
}

export interface S3Place {
  readonly server: Radosgw
  readonly bucket: string
  /** A client of its own, to look behind the store. */
  readonly client: S3Client
  /** What makes a store in the bucket. */
  options(changes?: Partial<S3StoreOptions>): S3StoreOptions
  /** Keys of the uploads that nobody finished. */
  uploads(): Promise<readonly string[]>
}

export interface S3BucketOptions {
  readonly hasVersions?: boolean
  readonly hasLock?: boolean
}

/** A new bucket of the server of this file. */
export async function s3Place ({ hasVersions = false, hasLock = false }: S3BucketOptions = {}): Promise<S3Place> {
  const server = await radosgw()
  const bucket = `b${randomUUID()}`
  const { endpoint, accessKeyId, secretAccessKey } = server
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED'
  })
  await client.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: hasLock }))
  if (hasVersions) {
    await client.send(
      new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } })
    )
  }
  return {
    server,
    bucket,
    client,
    options: changes => ({
      name: 'offsite',
      bucket,
      prefix: 'backups/',
      region: 'us-east-1',
      endpoint,
      pathStyle: true,
      profile: 'compatible',
      credentials: { accessKeyId, secretAccessKey: new Secret(secretAccessKey) },
      storageClasses: {},
      encryption: null,
      kmsKeyId: undefined,
      lock: null,
      clock: new HastyClock(),
      ...changes
    }),
    async uploads () {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))
      return Uploads.map(({ Key = '' }) => Key)
    }
  }
}
