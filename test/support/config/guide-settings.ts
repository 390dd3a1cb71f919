/** `config/settings.yaml` as the Signal Harvester guide prints it, to the letter. */
export const GUIDE_SETTINGS = `app:
  backup:
    # Basic configuration
    enabled: true
    backup_dir: "backups"
    compression: "gzip" # Options: none, gzip, zstd
    retention_days: 90

    # Automated scheduling
    schedule:
      daily_enabled: true
      daily_time: "02:00" # UTC
      weekly_enabled: true
      weekly_day: "sunday"
      weekly_time: "03:00" # UTC
      monthly_enabled: true
      monthly_day: 1 # 1st of month
      monthly_time: "04:00" # UTC

    # Retention policy
    retention:
      daily_keep: 7 # Last 7 days
      weekly_keep: 4 # Last 4 weeks
      monthly_keep: 12 # Last 12 months

    # S3 configuration
    s3:
      enabled: true
      bucket: "signal-harvester-backups"
      prefix: "production/backups"
      region: "us-east-1"
      upload_after_backup: true

    # Verification
    verification:
      verify_after_backup: true
      verify_before_restore: true
`

/** `monthly_restore_test.sh` of the guide, to the letter. */
export const MONTHLY_RESTORE_TEST = `#!/bin/bash
# monthly_restore_test.sh

set -e

echo "=== Monthly Backup Restore Test ==="
echo "Date: $(date)"

# 1. Select most recent backup
BACKUP_ID=$(harvest backup list --json | jq -r '.[0].backup_id')
echo "Testing backup: $BACKUP_ID"

# 2. Create test directory
TEST_DIR="/tmp/backup_test_$(date +%Y%m%d)"
mkdir -p "$TEST_DIR"
cd "$TEST_DIR"

# 3. Restore to test location
echo "Restoring backup..."
harvest backup restore "$BACKUP_ID" --output "$TEST_DIR/test.db"

# 4. Verify database integrity
echo "Verifying integrity..."
sqlite3 "$TEST_DIR/test.db" "PRAGMA integrity_check;" | grep -q "ok"

# 5. Check row counts
echo "Checking row counts..."
SIGNALS=$(sqlite3 "$TEST_DIR/test.db" "SELECT COUNT(*) FROM signals;")
DISCOVERIES=$(sqlite3 "$TEST_DIR/test.db" "SELECT COUNT(*) FROM discoveries;")
echo "Signals: $SIGNALS"
echo "Discoveries: $DISCOVERIES"

# 6. Verify S3 access
echo "Verifying S3 access..."
harvest backup list --s3 > /dev/null

# 7. Cleanup
echo "Cleaning up..."
rm -rf "$TEST_DIR"

echo "✓ Backup restore test PASSED"
echo "=========================="
`
