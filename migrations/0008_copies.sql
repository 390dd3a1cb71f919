-- Copies in other stores are made by themselves, so each one has its own story: what is to be done, when next, what went
-- wrong last. SQLite cannot change a CHECK, so the table is made anew.
CREATE TABLE copies_now (
  backup_id INTEGER NOT NULL REFERENCES backup_log (id) ON DELETE CASCADE,
  store TEXT NOT NULL,
  location TEXT NOT NULL,
  status TEXT NOT NULL CHECK(status IN ('pending', 'uploading', 'stored', 'failed', 'missing', 'removing')),
  size_bytes INTEGER,
  uploaded_at TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  error_code TEXT,
  -- When it has been waiting since: promised, failed for the first time, or found missing.
  waiting_since TEXT,
  next_attempt_at TEXT,
  -- The manifest there is not the present one: somebody edited the backup.
  manifest_due INTEGER NOT NULL DEFAULT 0 CHECK(manifest_due IN (0, 1)),
  PRIMARY KEY (backup_id, store)
) STRICT, WITHOUT ROWID;

INSERT INTO copies_now (backup_id, store, location, status, size_bytes, uploaded_at, attempts, error)
  SELECT backup_id, store, location, status, size_bytes, uploaded_at, attempts, error FROM copies;
DROP TABLE copies;
ALTER TABLE copies_now RENAME TO copies;

-- What is to be done in one store, newest backup first, and what it holds.
CREATE INDEX copies_of_store ON copies (store, status, backup_id);
CREATE INDEX copies_manifest_due ON copies (store, backup_id) WHERE manifest_due = 1;
