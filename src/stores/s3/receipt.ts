import type { PutObjectCommandInput, PutObjectCommandOutput } from '@aws-sdk/client-s3'
import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { BackupError } from '../../core/errors.ts'
import { base64Crc32, md5 } from '../multipart.ts'
import type { S3StoreOptions } from './options.ts'

const MD5 = /^([0-9a-f]{32})$/
const MD5_OF_MD5S = /^([0-9a-f]{32})-\d+$/

/** What a store says of bytes that it has just taken. */
type Answer = Pick<PutObjectCommandOutput, 'ETag' | 'ChecksumCRC32' | 'ServerSideEncryption' | 'SSECustomerAlgorithm'>

/** The digest that goes with these bytes, so that the store refuses what was damaged on its way. */
export function digestFor (
  bytes: Buffer,
  { profile }: Pick<S3StoreOptions, 'profile'>
): Pick<PutObjectCommandInput, 'ContentMD5' | 'ChecksumCRC32'> {
  return profile === 'aws' ? { ChecksumCRC32: base64Crc32(crc32(bytes)) } : { ContentMD5: hash('md5', bytes, 'base64') }
}

/**
 * Holds what the store says of the bytes against the bytes: the CRC-32 where it tells one, otherwise the ETag, which is
 * their MD5 unless the store encrypts with keys of a service. Throws `STORE_FAILED`.
 */
export function proveReceipt (answer: Answer, bytes: Buffer, what: string): void {
  const etag = bareEtag(answer.ETag)
  if (etag === undefined) throw lie(what, 'no ETag', 'one')
  if (answer.ChecksumCRC32 !== undefined) {
    expectSame(answer.ChecksumCRC32, base64Crc32(crc32(bytes)), what, 'CRC-32')
    return
  }
  const told = isMd5(answer) ? MD5.exec(etag)?.[1] : undefined
  if (told !== undefined) expectSame(told, md5(bytes), what, 'MD5')
}

/** The same of an object that was made of parts, of which `etags` are known to be right. */
export function proveWhole (answer: Answer, etags: readonly string[], crc: number, what: string): void {
  if (answer.ChecksumCRC32 !== undefined && !answer.ChecksumCRC32.includes('-')) {
    expectSame(answer.ChecksumCRC32, base64Crc32(crc), what, 'CRC-32')
    return
  }
  const parts = etags.flatMap(etag => MD5.exec(bareEtag(etag) ?? '')?.[1] ?? [])
  const told = isMd5(answer) && parts.length === etags.length
    ? MD5_OF_MD5S.exec(bareEtag(answer.ETag) ?? '')?.[1]
    : undefined
  if (told !== undefined) expectSame(told, md5(Buffer.from(parts.join(''), 'hex')), what, 'MD5 over the parts')
}

/** Without the quotation marks, which not every store sets everywhere. undefined: none was told, or an empty one. */
export function bareEtag (etag: string | undefined): string | undefined {
  const bare = etag?.replaceAll('"', '')
  return bare === '' ? undefined : bare
}

export function expectSame (
  told: string | number | undefined,
  sent: string | number,
  what: string,
  digest: string
): void {
  if (told !== sent) throw lie(what, `${digest} ${told ?? 'nothing'}`, sent)
}

function isMd5 ({ ServerSideEncryption, SSECustomerAlgorithm }: Answer): boolean {
  return SSECustomerAlgorithm === undefined && (ServerSideEncryption === undefined || ServerSideEncryption === 'AES256')
}

function lie (what: string, told: string, sent: string | number): BackupError {
  return new BackupError('STORE_FAILED', `the store reports ${told} for ${what} instead of ${sent}`, {
    hint:
      'Retry. If the error remains, a proxy or gateway between this machine and the store changes data, or the store is defective.'
  })
}
