-- Whether the backup was being made from a file of another program. An import that failed is reported to its caller, and
-- is not a failure of the backups of its source.
ALTER TABLE backup_log ADD COLUMN is_import INTEGER NOT NULL DEFAULT 0;
