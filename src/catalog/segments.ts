import type { NewSegment, SegmentLog, SegmentQuery } from '../core/catalog/segment-log.ts'
import { BackupError } from '../core/errors.ts'
import type { Compression } from '../core/ports/codec.ts'
import type { Encryption } from '../core/ports/encryption.ts'
import type { Segment } from '../core/recovery/segment.ts'
import type { Connection } from './connection.ts'
import { toDate } from './json.ts'

interface SegmentRow {
  readonly id: number
  readonly source: string
  readonly lineage: string
  readonly name: string
  readonly store_key: string
  readonly from_position: string
  readonly to_position: string
  readonly first_commit: string | null
  readonly last_commit: string | null
  readonly finished_at: string
  readonly is_partial: 0 | 1
  readonly size_bytes: number
  readonly checksum: string
  readonly original_size_bytes: number
  readonly original_checksum: string
  readonly compression: Compression
  readonly encryption: Encryption
}

/** `segments` and `segment_copies` in SQLite. */
export class SqliteSegmentLog implements SegmentLog {
  readonly #connection: Connection
  readonly #statements: ReturnType<typeof prepare>

  constructor (connection: Connection) {
    this.#connection = connection
    this.#statements = prepare(connection)
  }

  add (segment: NewSegment, landing: string, promised: readonly string[], at: Date): Promise<Segment> {
    return this.#connection.write(() => {
      const { source, lineage, name } = segment
      const known = this.#statements.named.get(source, lineage, name)
      if (known !== undefined && isSame(known, segment)) return toSegment(known)
      if (known !== undefined && (known.is_partial === 0 || known.to_position > segment.to)) throw conflict(segment)
      if (known !== undefined) this.#statements.forget.run(known.id)
      const id = Number(this.#statements.add.run(columnsOf(segment)).lastInsertRowid)
      this.#statements.copy.run(id, landing, 'stored', at.toISOString())
      for (const store of promised) this.#statements.copy.run(id, store, 'pending', null)
      return { ...segment, id }
    })
  }

  list ({ source, lineage, from, to }: SegmentQuery): Promise<readonly Segment[]> {
    return this.#connection.read(() =>
      this.#statements.list.all({ source, lineage: lineage ?? null, from: from ?? null, to: to ?? null }).map(toSegment)
    )
  }

  promised (store: string, limit: number): Promise<readonly Segment[]> {
    return this.#connection.read(() => this.#statements.promised.all(store, limit).map(toSegment))
  }

  stored (ids: readonly number[], store: string, at: Date): Promise<void> {
    return this.#connection.write(() => {
      for (const id of ids) this.#statements.stored.run(at.toISOString(), id, store)
    })
  }

  stores (id: number): Promise<readonly string[]> {
    return this.#connection.read(() => this.#statements.stores.all(id))
  }

  remove (ids: readonly number[], store: string): Promise<void> {
    return this.#connection.write(() => {
      for (const id of ids) {
        this.#statements.remove.run(id, store)
        this.#statements.forgetUnheld.run(id)
      }
    })
  }
}

function isSame (row: SegmentRow, { from, to, image, isPartial }: NewSegment): boolean {
  return row.from_position === from && row.to_position === to && row.original_checksum === image.sha256 &&
    (row.is_partial === 1) === isPartial
}

function conflict ({ source, lineage, name }: NewSegment): BackupError {
  return new BackupError(
    'SEGMENT_CONFLICT',
    `captured log "${name}" of "${source}", lineage "${lineage}", is already stored with different content`,
    { hint: 'Check whether another server uses the name of the source. Nothing was overwritten.' }
  )
}

function prepare ({ database }: Connection) {
  return {
    named: database.prepare<[string, string, string], SegmentRow>(
      'SELECT * FROM segments WHERE source = ? AND lineage = ? AND name = ?'
    ),
    add: database.prepare(`
      INSERT INTO segments (source, lineage, name, store_key, from_position, to_position, first_commit, last_commit, finished_at, is_partial,
        size_bytes, checksum, original_size_bytes, original_checksum, compression, encryption)
      VALUES (@source, @lineage, @name, @key, @from, @to, @firstCommit, @lastCommit, @finishedAt, @isPartial,
        @size, @checksum, @originalSize, @originalChecksum, @compression, @encryption)`),
    copy: database.prepare('INSERT INTO segment_copies (segment_id, store, status, stored_at) VALUES (?, ?, ?, ?)'),
    list: database.prepare<[object], SegmentRow>(`
      SELECT * FROM segments WHERE source = @source AND (@lineage IS NULL OR lineage = @lineage)
        AND (@from IS NULL OR to_position > @from) AND (@to IS NULL OR from_position < @to)
      ORDER BY lineage, from_position, to_position`),
    promised: database.prepare<[string, number], SegmentRow>(`
      SELECT segments.* FROM segment_copies JOIN segments ON segments.id = segment_id
      WHERE store = ? AND status = 'pending' ORDER BY segment_id LIMIT ?`),
    stored: database.prepare(
      "UPDATE segment_copies SET status = 'stored', stored_at = ? WHERE segment_id = ? AND store = ?"
    ),
    stores: database.prepare<[number], string>(
      'SELECT store FROM segment_copies WHERE segment_id = ? ORDER BY store'
    ).pluck(),
    remove: database.prepare('DELETE FROM segment_copies WHERE segment_id = ? AND store = ?'),
    forget: database.prepare('DELETE FROM segments WHERE id = ?'),
    forgetUnheld: database.prepare(
      'DELETE FROM segments WHERE id = ? AND NOT EXISTS (SELECT 1 FROM segment_copies WHERE segment_id = segments.id)'
    )
  }
}

function columnsOf (segment: NewSegment) {
  return {
    source: segment.source,
    lineage: segment.lineage,
    name: segment.name,
    key: segment.key,
    from: segment.from,
    to: segment.to,
    firstCommit: segment.firstCommit?.toISOString() ?? null,
    lastCommit: segment.lastCommit?.toISOString() ?? null,
    finishedAt: segment.finishedAt.toISOString(),
    isPartial: Number(segment.isPartial),
    size: segment.object.size,
    checksum: segment.object.sha256,
    originalSize: segment.image.size,
    originalChecksum: segment.image.sha256,
    compression: segment.compression,
    encryption: segment.encryption
  }
}

function toSegment (row: SegmentRow): Segment {
  return {
    id: row.id,
    source: row.source,
    lineage: row.lineage,
    name: row.name,
    key: row.store_key,
    from: row.from_position,
    to: row.to_position,
    firstCommit: toDate(row.first_commit),
    lastCommit: toDate(row.last_commit),
    finishedAt: toDate(row.finished_at),
    isPartial: row.is_partial === 1,
    object: { size: row.size_bytes, sha256: row.checksum },
    image: { size: row.original_size_bytes, sha256: row.original_checksum },
    compression: row.compression,
    encryption: row.encryption
  }
}
