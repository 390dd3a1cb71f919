-- The runbook's columns come first, exactly as it gives them; ours follow. Times are ISO 8601 in UTC with milliseconds,
-- so that their order is the order of the text; sizes are bytes; digests are SHA-256 in hex.
CREATE TABLE backup_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  backup_type TEXT CHECK(backup_type IN ('manual', 'scheduled', 'pre-migration')) NOT NULL,
  file_path TEXT NOT NULL,
  file_size_bytes INTEGER,
  started_at DATETIME NOT NULL,
  completed_at DATETIME,
  status TEXT CHECK(status IN ('in_progress', 'completed', 'failed')) NOT NULL,
  error_message TEXT,
  checksum TEXT,

  source TEXT NOT NULL,
  method TEXT NOT NULL CHECK(method IN ('full', 'incremental', 'wal')),
  schedule TEXT CHECK(schedule IN ('hourly', 'daily', 'weekly', 'monthly', 'yearly')),
  description TEXT,
  compression TEXT NOT NULL,
  encryption TEXT NOT NULL DEFAULT 'none',
  original_size_bytes INTEGER,
  original_checksum TEXT,
  parent_id INTEGER REFERENCES backup_log (id),
  pinned INTEGER NOT NULL DEFAULT 0 CHECK(pinned IN (0, 1)),
  store_key TEXT NOT NULL,
  error_code TEXT,
  verified_at DATETIME,
  verification_status TEXT NOT NULL DEFAULT 'unverified' CHECK(verification_status IN ('valid', 'invalid', 'unverified')),
  verification_checks TEXT NOT NULL DEFAULT '[]',
  trashed_at DATETIME,
  deleted_at DATETIME,
  -- Where a row stands for a reader: listed as usual, in the trash, or history of an object that is gone.
  place TEXT NOT NULL GENERATED ALWAYS AS (
    CASE WHEN deleted_at IS NOT NULL THEN 'gone' WHEN trashed_at IS NOT NULL THEN 'trash' ELSE 'present' END
  ) VIRTUAL,
  -- The JSON beside the object, as it was written. Last, because it is long: what stands before it is read without it.
  manifest TEXT
);

-- The list, newest first. Each ends with every column that can be filtered by, so that a row is only read if it matches.
CREATE INDEX backup_log_page ON backup_log (place, id, source, status, backup_type, method, started_at);
CREATE INDEX backup_log_page_of_source ON backup_log (place, source, id, status, backup_type, method, started_at);
CREATE INDEX backup_log_page_of_status ON backup_log (place, status, id, source, backup_type, method, started_at);
CREATE INDEX backup_log_since ON backup_log (place, started_at, source, status, backup_type, method);

-- First and last of their kind, found in one step each.
CREATE INDEX backup_log_span ON backup_log (source, place, status, started_at);
CREATE INDEX backup_log_outcome ON backup_log (source, status, completed_at);
CREATE INDEX backup_log_scheduled ON backup_log (source, started_at) WHERE backup_type = 'scheduled';
CREATE INDEX backup_log_proven ON backup_log (source, verified_at) WHERE verification_status = 'valid';
CREATE INDEX backup_log_quarantine ON backup_log (source, id) WHERE status = 'failed' AND file_size_bytes IS NOT NULL;
CREATE INDEX backup_log_key ON backup_log (source, store_key);
CREATE INDEX backup_log_parent ON backup_log (parent_id) WHERE parent_id IS NOT NULL;

-- How many rows there are of each sort. The triggers keep it exact, whoever writes, so that totals never need a scan.
CREATE TABLE backup_counts (
  place TEXT NOT NULL,
  source TEXT NOT NULL,
  status TEXT NOT NULL,
  backup_type TEXT NOT NULL,
  method TEXT NOT NULL,
  backups INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (place, source, status, backup_type, method)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER backup_log_inserted AFTER INSERT ON backup_log BEGIN
  INSERT INTO backup_counts VALUES (NEW.place, NEW.source, NEW.status, NEW.backup_type, NEW.method, 1, coalesce(NEW.file_size_bytes, 0))
    ON CONFLICT DO UPDATE SET backups = backups + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER backup_log_updated
AFTER UPDATE OF source, status, backup_type, method, file_size_bytes, trashed_at, deleted_at ON backup_log BEGIN
  UPDATE backup_counts SET backups = backups - 1, bytes = bytes - coalesce(OLD.file_size_bytes, 0)
    WHERE place = OLD.place AND source = OLD.source AND status = OLD.status AND backup_type = OLD.backup_type AND method = OLD.method;
  INSERT INTO backup_counts VALUES (NEW.place, NEW.source, NEW.status, NEW.backup_type, NEW.method, 1, coalesce(NEW.file_size_bytes, 0))
    ON CONFLICT DO UPDATE SET backups = backups + 1, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER backup_log_deleted AFTER DELETE ON backup_log BEGIN
  UPDATE backup_counts SET backups = backups - 1, bytes = bytes - coalesce(OLD.file_size_bytes, 0)
    WHERE place = OLD.place AND source = OLD.source AND status = OLD.status AND backup_type = OLD.backup_type AND method = OLD.method;
END;

-- The same object in one store.
CREATE TABLE copies (
  backup_id INTEGER NOT NULL REFERENCES backup_log (id) ON DELETE CASCADE,
  store TEXT NOT NULL,
  location TEXT NOT NULL,
  status TEXT NOT NULL CHECK(status IN ('pending', 'stored', 'failed')),
  size_bytes INTEGER,
  uploaded_at TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  PRIMARY KEY (backup_id, store)
) STRICT, WITHOUT ROWID;

-- Every verification ever made; the last one stands in backup_log too.
CREATE TABLE verifications (
  id INTEGER PRIMARY KEY,
  backup_id INTEGER NOT NULL REFERENCES backup_log (id) ON DELETE CASCADE,
  checked_at TEXT NOT NULL,
  valid INTEGER NOT NULL CHECK(valid IN (0, 1)),
  checks TEXT NOT NULL
) STRICT;

CREATE INDEX verifications_of_backup ON verifications (backup_id);

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  source TEXT,
  backup_id INTEGER REFERENCES backup_log (id) ON DELETE SET NULL,
  status TEXT NOT NULL CHECK(status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  phase TEXT NOT NULL,
  bytes_done INTEGER NOT NULL DEFAULT 0,
  bytes_total INTEGER,
  created_at TEXT NOT NULL,
  started_at TEXT,
  finished_at TEXT,
  error_code TEXT,
  error_message TEXT
) STRICT;

CREATE INDEX jobs_of_status ON jobs (status, id);
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_of_backup ON jobs (backup_id) WHERE backup_id IS NOT NULL;

-- What was changed through the API, as JSON, and what this instance knows of itself.
CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  changed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Answers already given, so that a repeated request does not do the work again.
CREATE TABLE idempotency_keys (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  headers TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT;

CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
