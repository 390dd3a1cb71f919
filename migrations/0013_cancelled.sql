-- Backups that a caller cancelled: rows that failed and are no failures, counted apart from them.
CREATE INDEX backup_log_cancelled ON backup_log (source) WHERE status = 'failed' AND error_code = 'CANCELLED';
