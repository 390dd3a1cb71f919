-- The files of a backup in addition to the main one: a JSON array of { name, fileName, size, checksum }, the last two
-- null until the backup is complete. A manifest is not needed to know which files belong to a row.
ALTER TABLE backup_log ADD COLUMN parts TEXT NOT NULL DEFAULT '[]';
