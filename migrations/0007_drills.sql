-- A drill that fell due is a run, too: the same table with one more kind.
CREATE TABLE runs_with_drills (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK(kind IN ('backup', 'prune', 'drill')),
  source TEXT NOT NULL,
  rule TEXT NOT NULL,
  tier TEXT CHECK(tier IN ('hourly', 'daily', 'weekly', 'monthly', 'yearly')),
  due_at TEXT NOT NULL,
  status TEXT NOT NULL CHECK(status IN ('waiting', 'running', 'done', 'failed', 'skipped')),
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at TEXT,
  backup_id INTEGER REFERENCES backup_log (id) ON DELETE SET NULL,
  reason TEXT,
  error_code TEXT,
  started_at TEXT,
  finished_at TEXT,
  CHECK((finished_at IS NULL) = (status IN ('waiting', 'running'))),
  -- A time of a rule cannot be done twice.
  UNIQUE (kind, source, rule, due_at)
) STRICT;

INSERT INTO runs_with_drills SELECT * FROM runs;
DROP TABLE runs;
ALTER TABLE runs_with_drills RENAME TO runs;

CREATE INDEX runs_of_rule ON runs (kind, source, rule, id);
CREATE INDEX runs_of_source ON runs (source, id);
CREATE INDEX runs_of_source_and_status ON runs (source, status, id);
CREATE INDEX runs_of_status ON runs (status, id);
CREATE INDEX runs_due ON runs (due_at);
CREATE INDEX runs_finished ON runs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX runs_of_backup ON runs (backup_id) WHERE backup_id IS NOT NULL;

-- The last restore of a source that put the content of a backup back whole, be it into place or in a drill.
CREATE INDEX restores_proven ON restores (source, finished_at, restore_ms) WHERE status IN ('passed', 'completed');
-- The newest backup of a source that is there and was proven valid.
CREATE INDEX backup_log_newest_proven ON backup_log (source, started_at) WHERE verification_status = 'valid' AND place = 'present' AND status = 'completed';
