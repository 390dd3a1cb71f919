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
