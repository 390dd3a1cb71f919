-- Sources whose "after" commands have not succeeded since their "before" commands were started.
CREATE TABLE pending_hooks (
  source TEXT PRIMARY KEY,
  job_id INTEGER NOT NULL,
  started_at TEXT NOT NULL,
  -- Why the last attempt failed; NULL: there was none yet.
  error TEXT
) STRICT;

-- Output of the commands that a job ran.
CREATE TABLE job_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
  at TEXT NOT NULL,
  text TEXT NOT NULL
) STRICT;

CREATE INDEX job_log_of_job ON job_log (job_id, id);
