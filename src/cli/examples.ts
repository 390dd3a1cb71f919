/** Examples for the help of each command, by its words; what stands behind "backup" has those of the command itself. */
export const EXAMPLES: Readonly<Record<string, readonly [string, ...string[]]>> = {
  '': ['backup', 'list', 'restore 42'],
  backup: ['backup shop --description "before the migration"', 'backup list'],
  'backup create': ['backup create', 'backup create shop --description "before the migration"'],
  list: ['list', 'list --source shop --since 7d', "list --json | jq -r '.[0].id'"],
  show: ['show 42'],
  verify: ['verify 42 43', 'verify --all', 'verify --file /mnt/usb/shop-backup.db.zst'],
  upload: ['upload 42', 'upload --all --store offsite'],
  download: ['download 42 --output shop.db --decoded'],
  restore: [
    'restore 42 --dry-run',
    'restore --latest --confirm',
    'restore --at "2 hours ago" --dry-run',
    'restore 42 --output /srv/app/copy.db',
    "restore 43 --path 'payloads/2025/**' --output found"
  ],
  rescue: ['rescue 42 --table InvoiceLine --where "InvoiceId = 13"', 'rescue 42 --table Invoice --csv -'],
  export: [
    'export 42 --table sale --where "tenant = \'acme\'" -o acme.csv',
    'export --live --table Invoice --format jsonl'
  ],
  import: [
    'import /backups/audit_*.db --source audit --dry-run',
    'import /backups --source audit --time-zone Europe/Vienna',
    'import old.sql.gz --source shop --at 2025-11-10T14:30:00Z --pin'
  ],
  restores: ['restores --kind restore --limit 10', 'restores undo 7'],
  'restores list': ['restores list --kind restore --limit 10'],
  'restores undo': ['restores undo 7', 'restores undo 7 --confirm'],
  'restores discard': ['restores discard 7 --confirm'],
  files: ['files 42', "files 42 'payloads/2025/**'"],
  diff: ['diff 42', 'diff 42 43 --table InvoiceLine --rows 20'],
  drill: ['drill', 'drill 42'],
  drills: ['drills --source shop'],
  remove: ['remove 42'],
  'restore-from-trash': ['restore-from-trash 42 43'],
  release: ['release 42', 'release --all-suspect --yes'],
  pin: ['pin 42'],
  unpin: ['unpin 42'],
  describe: ['describe 42 "the last one of the old server"'],
  prune: ['prune --dry-run', 'prune --yes'],
  sources: ['sources'],
  stores: ['stores --check'],
  stats: ['stats --json'],
  runs: ['runs --limit 20'],
  report: ['report --since 90d --html report.html'],
  rebuild: ['rebuild', 'rebuild --list --from s3://acme-backups/shop'],
  salvage: ['salvage broken.db --output saved.db'],
  recover: ['recover broken.db --output saved.db'],
  sample: ['sample shop.db'],
  serve: ['serve'],
  scheduler: ['scheduler status'],
  'scheduler start': ['scheduler start'],
  'scheduler stop': ['scheduler stop'],
  'scheduler status': ['scheduler status --json'],
  doctor: ['doctor'],
  config: ['config check'],
  'config check': ['config check'],
  'config show': ['config show --json'],
  token: ['token list'],
  'token create': ['token create --role viewer --subject grafana --expires 90d'],
  'token list': ['token list'],
  'token revoke': ['token revoke 3f2c9a51-7d0e-4b7a-9f43-0c1d2e3f4a5b'],
  key: ['key list'],
  'key new': ['key new --output key.txt'],
  'key list': ['key list'],
  'key card': ['key card --key key.txt --output card.html'],
  'key confirm': ['key confirm age12hclqm2zearqenp7328nyz3932348k7u7c2zwc0h'],
  audit: ['audit --limit 20'],
  completion: ['completion bash > /etc/bash_completion.d/holdfast']
}

/** The part of the help of a command that has its examples. `words`: `backup list`; empty: of the whole program. */
export function examplesHelp (words: string): string {
  const examples = EXAMPLES[words] ?? EXAMPLES[words.replace(/^backup /, '')] ?? []
  return ['', 'Examples:', ...examples.map(example => `  holdfast ${example}`)].join('\n')
}
