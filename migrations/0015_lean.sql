-- The manifest of a backup that is gone may have megabytes, and nobody reads it.
UPDATE backup_log SET manifest = NULL WHERE deleted_at IS NOT NULL AND manifest IS NOT NULL;
