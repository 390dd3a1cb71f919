import type { Adopted, Found } from '../core/backup/adoption.ts'
import type { Backup, OutlineWithStores } from '../core/backup/backup.ts'
import type {
  BackupLog,
  BackupPage,
  BackupQuery,
  Completion,
  Failure,
  NewBackup,
  Statistics,
  VerificationRecord
} from '../core/catalog/catalog.ts'
import { LARGEST_ID } from '../core/backup/backup-id.ts'
import { BackupError } from '../core/errors.ts'
import {
  backupParts,
  filledForm,
  released,
  withSignature,
  writtenForm,
  type Manifest
} from '../core/backup/manifest.ts'
import { TRASH } from '../core/backup/object-key.ts'
import type { ManifestSignature } from '../core/backup/signature.ts'
import type { Verification } from '../core/ports/verification.ts'
import { adoptRow } from './adoption.ts'
import { BackupList } from './backup-list.ts'
import { toBackup, type BackupRow, type JudgeKey } from './backup-row.ts'
import { prepareBackupStatements, type BackupStatements } from './backup-statements.ts'
import type { Connection } from './connection.ts'
import { copiesIn, type Copies } from './copies.ts'
import { fromJson } from './json.ts'
import { outlinesIn } from './outlines.ts'
import { linkColumns, parentsIn } from './parents.ts'
import { statisticsOf } from './statistics.ts'
import {
  checkCompleted,
  checkEnded,
  checkNotGone,
  checkNotTrashed,
  checkRunning,
  checkSuspect,
  checkTrashed
} from './allowed-change.ts'
import { verificationsIn, type Verifications } from './verifications.ts'

type Edit = Parameters<BackupLog['edit']>[1]

/**
 * `backup_log` in SQLite. Every change reads the row first, refuses what its state does not allow, and answers the row
 * as it is then.
 */
export class SqliteBackupLog implements BackupLog {
  readonly #connection: Connection
  readonly #judgeKey: JudgeKey
  readonly #statements: BackupStatements
  readonly #list: BackupList
  readonly #copies: Copies
  readonly #verifications: Verifications
  readonly #enterParents: ReturnType<typeof parentsIn>
  readonly #existing: (source: string) => readonly OutlineWithStores[]
  readonly #statistics: () => Statistics

  constructor (connection: Connection, judgeKey: JudgeKey) {
    const { database } = connection
    this.#connection = connection
    this.#judgeKey = judgeKey
    this.#statements = prepareBackupStatements(database)
    this.#list = new BackupList(database, judgeKey)
    this.#copies = copiesIn(database)
    this.#verifications = verificationsIn(database)
    this.#enterParents = parentsIn(database)
    this.#existing = outlinesIn(database)
    this.#statistics = statisticsOf(database)
  }

  start (backup: NewBackup): Promise<Backup> {
    return this.#connection.write(() => {
      const id = Number(
        this.#statements.start.run({
          ...backup,
          startedAt: backup.startedAt.toISOString(),
          parts: JSON.stringify(backup.parts),
          isImport: backup.isImport === true ? 1 : 0
        }).lastInsertRowid
      )
      if (id > LARGEST_ID) throw noIdLeft()
      return this.#backup(id)
    })
  }

  rename (id: number, key: string, filePath: string): Promise<Backup> {
    return this.#change(id, row => {
      checkRunning(row)
      this.#statements.rename.run(key, filePath, id)
    })
  }

  complete (id: number, { manifest, filePath, verification, inconclusive, copies }: Completion): Promise<Backup> {
    return this.#change(id, row => {
      checkRunning(row)
      this.#statements.complete.run({ ...columnsOf(manifest), id, filePath })
      if (verification !== null) {
        this.#verifications.record(id, verification, manifest.verifiedAt ?? manifest.completedAt)
      }
      if (inconclusive !== undefined) this.#verifications.keepChecks(id, inconclusive)
      this.#copies.add(id, copies, manifest.imported?.at ?? manifest.completedAt)
      this.#enterParents(id, manifest)
    })
  }

  fail (id: number, failure: Failure): Promise<Backup> {
    const at = failure.failedAt.toISOString()
    return this.#change(id, row => {
      checkRunning(row)
      const kept = failure.kept ?? { key: row.store_key, filePath: row.file_path, size: null }
      this.#statements.fail.run({ ...kept, id, at, code: failure.code, message: failure.message })
      if (failure.verification !== undefined) this.#verifications.record(id, failure.verification, at)
    })
  }

  get (id: number): Promise<Backup> {
    return this.#connection.read(() => this.#backup(id))
  }

  list (query: BackupQuery): Promise<BackupPage> {
    return this.#connection.read(() => this.#list.page(query))
  }

  existing (source: string): Promise<readonly OutlineWithStores[]> {
    return this.#connection.read(() => this.#existing(source))
  }

  lastGood (
    source: string,
    limit: number,
    { method, before }: Parameters<BackupLog['lastGood']>[2] = {}
  ): Promise<readonly Manifest[]> {
    const values = { source, limit, method: method ?? null, before: before?.toISOString() ?? null }
    return this.#connection.read(() =>
      this.#statements.lastGood.all(values).map(({ id, manifest }) => remembered(id, manifest))
    )
  }

  imported (source: string, at: Date, sha256: string): Promise<Backup | undefined> {
    return this.#connection.read(() => {
      const row = this.#statements.imported.get(source, at.toISOString(), sha256)
      return row === undefined ? undefined : toBackup(row, this.#judgeKey)
    })
  }

  isNamed (source: string, fileName: string, except = 0): Promise<boolean> {
    return this.#connection.read(() =>
      this.#statements.named.get(source, fileName, TRASH + fileName, except) !== undefined
    )
  }

  isBuiltOn (id: number): Promise<boolean> {
    return this.#connection.read(() => this.#statements.builtOn.get(id) !== undefined)
  }

  running (): Promise<readonly Backup[]> {
    return this.#connection.read(() => this.#statements.running.all().map(row => toBackup(row, this.#judgeKey)))
  }

  trashed (): Promise<readonly Backup[]> {
    return this.#connection.read(() => this.#statements.trashed.all().map(row => toBackup(row, this.#judgeKey)))
  }

  quarantined (source: string): Promise<readonly Backup[]> {
    return this.#connection.read(() =>
      this.#statements.quarantined.all(source).map(row => toBackup(row, this.#judgeKey))
    )
  }

  edit (id: number, change: Edit, signature?: ManifestSignature): Promise<Backup> {
    return this.#change(id, row => {
      checkNotGone(row)
      const description = change.description === undefined ? row.description : change.description
      const pinned = change.pinned ?? row.pinned === 1
      const before = this.#manifest(id)
      const manifest = before === undefined
        ? null
        : JSON.stringify(writtenForm(withSignature({ ...before, description, pinned }, signature)))
      this.#statements.edit.run({
        id,
        description,
        pinned: Number(pinned),
        manifest,
        signingKey: signature?.key ?? null
      })
    })
  }

  releaseSuspect (id: number, at: Date, by: string, signature?: ManifestSignature): Promise<Backup> {
    return this.#change(id, row => {
      checkNotGone(row)
      checkSuspect(row)
      const manifest = this.#manifest(id)
      const signed = manifest === undefined
        ? null
        : JSON.stringify(writtenForm(withSignature(released(manifest, at, by), signature)))
      this.#statements.releaseSuspect.run({
        id,
        releasedAt: at.toISOString(),
        releasedBy: by,
        manifest: signed,
        signingKey: signature?.key ?? null
      })
    })
  }

  trash (id: number, key: string, filePath: string, at: Date): Promise<Backup> {
    return this.#change(id, row => {
      checkNotGone(row)
      checkCompleted(row)
      checkNotTrashed(row)
      this.#move(row, key, filePath, at)
    })
  }

  undelete (id: number, key: string, filePath: string): Promise<Backup> {
    return this.#change(id, row => {
      checkNotGone(row)
      checkTrashed(row)
      this.#move(row, key, filePath, null)
    })
  }

  evict (id: number, landing: string, filePath: string): Promise<Backup> {
    return this.#change(id, row => {
      checkNotGone(row)
      checkCompleted(row)
      this.#statements.evict.run(filePath, id)
      this.#copies.drop(id, landing)
    })
  }

  remove (id: number, at: Date, elsewhere: readonly string[] = []): Promise<Backup> {
    return this.#change(id, row => {
      checkNotGone(row)
      checkEnded(row)
      this.#statements.remove.run(at.toISOString(), id)
      this.#copies.retire(id, elsewhere)
    })
  }

  recordVerification (id: number, verification: Verification, at: Date): Promise<Backup> {
    return this.#change(id, row => {
      checkNotGone(row)
      checkCompleted(row)
      this.#verifications.record(id, verification, at.toISOString())
    })
  }

  unverify (id: number): Promise<Backup> {
    return this.#change(id, row => {
      checkNotGone(row)
      this.#statements.unverify.run(id)
    })
  }

  lost (store: string): Promise<readonly Backup[]> {
    return this.#connection.read(() => this.#statements.lost.all(store).map(row => toBackup(row, this.#judgeKey)))
  }

  verifications (id: number): Promise<readonly VerificationRecord[]> {
    return this.#connection.read(() => this.#verifications.of(this.#row(id).id))
  }

  statistics (): Promise<Statistics> {
    return this.#connection.read(this.#statistics)
  }

  manifest (id: number): Promise<Manifest | undefined> {
    return this.#connection.read(() => this.#manifest(this.#row(id).id))
  }

  adopt (manifest: Manifest, found: Found): Promise<Adopted> {
    return this.#connection.write(() => {
      const { id, outcome } = adoptRow(this.#statements, this.#copies, manifest, columnsOf(manifest), found)
      if (outcome === 'added') this.#enterParents(id, manifest)
      return { backup: this.#backup(id), outcome }
    })
  }

  #change (id: number, work: (row: BackupRow) => void): Promise<Backup> {
    return this.#connection.write(() => {
      work(this.#row(id))
      return this.#backup(id)
    })
  }

  /** The copy that `backup_log` points to moves along with it. */
  #move (row: BackupRow, key: string, filePath: string, trashedAt: Date | null): void {
    this.#statements.move.run(key, filePath, trashedAt?.toISOString() ?? null, row.id)
    this.#copies.move(row.id, row.file_path, filePath)
  }

  #backup (id: number): Backup {
    return toBackup(this.#row(id), this.#judgeKey)
  }

  #manifest (id: number): Manifest | undefined {
    const manifest = this.#statements.manifest.get(id)
    return manifest == null ? undefined : remembered(id, manifest)
  }

  #row (id: number): BackupRow {
    const row = this.#statements.get.get(id)
    if (row === undefined) throw new BackupError('BACKUP_NOT_FOUND', `there is no backup ${id}`)
    return row
  }
}

/** Thrown inside the transaction, so that the row and the sequence of ids stay as they were. */
function noIdLeft (): BackupError {
  return new BackupError('CATALOG_FAILED', 'the catalog has no usable id left for a backup', {
    hint: 'Restart the service, which renumbers such a catalog when it opens it.'
  })
}

/** The manifest of a row, which was checked before it was written there. */
function remembered (id: number, manifest: string): Manifest {
  return filledForm(fromJson<Parameters<typeof filledForm>[0]>(manifest, `the manifest of backup ${id}`))
}

/** What a row repeats of its manifest, so that it can be asked for. */
function columnsOf (manifest: Manifest) {
  return {
    completedAt: manifest.completedAt,
    size: manifest.object.size,
    checksum: manifest.object.sha256,
    originalSize: manifest.image.size,
    originalChecksum: manifest.image.sha256,
    compression: manifest.compression,
    encryption: manifest.encryption,
    suspectReasons: manifest.suspicion === undefined ? null : JSON.stringify(manifest.suspicion.reasons),
    releasedAt: manifest.suspicion?.releasedAt ?? null,
    releasedBy: manifest.suspicion?.releasedBy ?? null,
    manifest: JSON.stringify(writtenForm(manifest)),
    signingKey: manifest.signature?.key ?? null,
    parts: JSON.stringify(backupParts(manifest)),
    ...linkColumns(manifest)
  }
}
