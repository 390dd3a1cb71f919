-- The public key whose signature the manifest bears; NULL: it is not signed. A repetition, so that no list has to read manifests.
ALTER TABLE backup_log ADD COLUMN signing_key TEXT;
