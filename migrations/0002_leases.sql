-- Several processes may work on one catalog: the service, and commands beside it. What one of them has for itself stands
-- here by name, and counts for as long as that process lives.
CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  instance TEXT NOT NULL,
  job_id INTEGER REFERENCES jobs (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX leases_of_instance ON leases (instance);
CREATE INDEX leases_of_job ON leases (job_id) WHERE job_id IS NOT NULL;

-- Which process runs a job; null for those from before there was more than one.
ALTER TABLE jobs ADD COLUMN instance TEXT;
