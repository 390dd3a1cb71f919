-- Why a backup is not like those before it, as a JSON list of sentences, and who declared it good all the same. What stands
-- here stands in its manifest, too.
ALTER TABLE backup_log ADD COLUMN suspect_reasons TEXT;
ALTER TABLE backup_log ADD COLUMN released_at TEXT;
ALTER TABLE backup_log ADD COLUMN released_by TEXT;

-- The few suspects that nobody has decided on, without a look at all the others.
CREATE INDEX backup_log_suspect ON backup_log (source, id) WHERE suspect_reasons IS NOT NULL AND released_at IS NULL;
-- The last good ones of a source, whether or not they are still there: what a new one is held against.
CREATE INDEX backup_log_good ON backup_log (source, started_at) WHERE status = 'completed' AND verification_status <> 'invalid' AND (suspect_reasons IS NULL OR released_at IS NOT NULL);
