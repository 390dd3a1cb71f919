-- Where a backup stands in a chain, repeated from its manifest, and what all of its objects take together; NULL where it
-- is in no chain, and where it has one object. `parent_id` is found by what the manifest says of the parent.
ALTER TABLE backup_log ADD COLUMN kind TEXT;
ALTER TABLE backup_log ADD COLUMN chain TEXT;
ALTER TABLE backup_log ADD COLUMN lineage TEXT;
ALTER TABLE backup_log ADD COLUMN depth INTEGER;
ALTER TABLE backup_log ADD COLUMN from_position TEXT;
ALTER TABLE backup_log ADD COLUMN to_position TEXT;
ALTER TABLE backup_log ADD COLUMN stored_size_bytes INTEGER;

-- The few that belong together, without a look at all the others.
CREATE INDEX backup_log_chain ON backup_log (source, chain) WHERE chain IS NOT NULL;

-- Totals count all objects of a backup.
DROP TRIGGER backup_log_inserted;
DROP TRIGGER backup_log_updated;
DROP TRIGGER backup_log_deleted;

CREATE TRIGGER backup_log_inserted AFTER INSERT ON backup_log BEGIN
  INSERT INTO backup_counts VALUES (NEW.place, NEW.source, NEW.status, NEW.backup_type, NEW.method, 1, coalesce(NEW.stored_size_bytes, NEW.file_size_bytes, 0))
    ON CONFLICT DO UPDATE SET backups = backups + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER backup_log_updated
AFTER UPDATE OF source, status, backup_type, method, file_size_bytes, stored_size_bytes, trashed_at, deleted_at ON backup_log BEGIN
  UPDATE backup_counts SET backups = backups - 1, bytes = bytes - coalesce(OLD.stored_size_bytes, OLD.file_size_bytes, 0)
    WHERE place = OLD.place AND source = OLD.source AND status = OLD.status AND backup_type = OLD.backup_type AND method = OLD.method;
  INSERT INTO backup_counts VALUES (NEW.place, NEW.source, NEW.status, NEW.backup_type, NEW.method, 1, coalesce(NEW.stored_size_bytes, NEW.file_size_bytes, 0))
    ON CONFLICT DO UPDATE SET backups = backups + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER backup_log_deleted AFTER DELETE ON backup_log BEGIN
  UPDATE backup_counts SET backups = backups - 1, bytes = bytes - coalesce(OLD.stored_size_bytes, OLD.file_size_bytes, 0)
    WHERE place = OLD.place AND source = OLD.source AND status = OLD.status AND backup_type = OLD.backup_type AND method = OLD.method;
END;

-- Captured log, one row for each object. None of them is a backup, and none of their changes calls for a copy of the
-- catalog: what is here can be read from the stores again.
CREATE TABLE segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL,
  lineage TEXT NOT NULL,
  -- What the source calls it.
  name TEXT NOT NULL,
  store_key TEXT NOT NULL,
  -- 16 hex digits each, so that their order is the order of the text.
  from_position TEXT NOT NULL,
  to_position TEXT NOT NULL CHECK(to_position >= from_position),
  first_commit TEXT,
  last_commit TEXT,
  finished_at TEXT NOT NULL,
  is_partial INTEGER NOT NULL CHECK(is_partial IN (0, 1)),
  size_bytes INTEGER NOT NULL,
  checksum TEXT NOT NULL,
  original_size_bytes INTEGER NOT NULL,
  original_checksum TEXT NOT NULL,
  compression TEXT NOT NULL,
  encryption TEXT NOT NULL,
  UNIQUE (source, lineage, name)
) STRICT;

CREATE INDEX segments_of_lineage ON segments (source, lineage, from_position, to_position);

-- In which stores a segment is, and in which it is to be.
CREATE TABLE segment_copies (
  segment_id INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  store TEXT NOT NULL,
  status TEXT NOT NULL CHECK(status IN ('pending', 'stored')),
  stored_at TEXT,
  PRIMARY KEY (segment_id, store)
) STRICT, WITHOUT ROWID;

-- What is still to be brought into one store, in the order in which it was captured.
CREATE INDEX segment_copies_pending ON segment_copies (store, segment_id) WHERE status = 'pending';

-- Kinds that are no file are restored into a database or a directory. SQLite cannot change a CHECK, so the table is made
-- anew; its ids go on where they were.
CREATE TABLE restores_now (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK(kind IN ('restore', 'drill')),
  backup_id INTEGER NOT NULL REFERENCES backup_log (id),
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  mode TEXT NOT NULL CHECK(mode IN ('live', 'replace', 'file', 'scratch', 'database', 'directory')),
  status TEXT NOT NULL CHECK(status IN ('running', 'completed', 'passed', 'inconclusive', 'failed')),
  safety_backup_id INTEGER REFERENCES backup_log (id),
  aside TEXT,
  bytes INTEGER,
  -- What a drill found, as JSON.
  report TEXT,
  actor TEXT,
  restore_ms INTEGER,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  error_code TEXT,
  error_message TEXT
) STRICT;

INSERT INTO restores_now SELECT * FROM restores;
DELETE FROM sqlite_sequence WHERE name = 'restores_now';
INSERT INTO sqlite_sequence (name, seq) SELECT 'restores_now', seq FROM sqlite_sequence WHERE name = 'restores';
DROP TABLE restores;
ALTER TABLE restores_now RENAME TO restores;

CREATE INDEX restores_of_kind ON restores (kind, id);
CREATE INDEX restores_of_source ON restores (source, kind, id);
CREATE INDEX restores_of_backup ON restores (backup_id);
CREATE INDEX restores_running ON restores (id) WHERE status = 'running';
CREATE INDEX restores_proven ON restores (source, finished_at, restore_ms) WHERE status IN ('passed', 'completed');
