-- That a backup was restored or drilled, or that it was tried: where to, what stood there before, and how it went.
CREATE TABLE restores (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK(kind IN ('restore', 'drill')),
  backup_id INTEGER NOT NULL REFERENCES backup_log (id),
  source TEXT NOT NULL,
  target TEXT NOT NULL,
  mode TEXT NOT NULL CHECK(mode IN ('live', 'replace', 'file', 'scratch')),
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

CREATE INDEX restores_of_kind ON restores (kind, id);
CREATE INDEX restores_of_source ON restores (source, kind, id);
CREATE INDEX restores_of_backup ON restores (backup_id);
CREATE INDEX restores_running ON restores (id) WHERE status = 'running';
