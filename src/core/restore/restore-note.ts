import type { SourceKind } from '../ports/source-kind.ts'

/**
 * The file next to the backups in every store that describes them. It is not a backup, and no rule removes it.
 */
export const RESTORE_NOTE = 'RESTORE.txt'

/** The content of that file, for backups of these kinds. It contains no host name, no path and no key. */
export function restoreNoteText (kinds: Iterable<Pick<SourceKind, 'byHand'>>): string {
  const byHand = [...kinds].map(kind => kind.byHand)
  const [tools, notes] = [byHand.map(({ tool }) => tool).join(', '), byHand.map(({ note }) => note).join('\n')]
  return `\
These are backups of databases, made by Holdfast. They can be restored
without Holdfast, with tools that every Linux distribution has: sha256sum,
gzip, zstd, ${tools}, and age or gpg if a backup is encrypted.


The files in this store

  <source>-backup-<time>.db...                 a backup; the time is UTC
  <source>-backup-<time>.db....manifest.json   its description, as JSON
  <source>-backup-<time>.<part>...             another part of the backup,
                                               see "parts" in its manifest

The end of the name shows how the database file was processed, in this order:

  .gz   compressed with gzip          .age  encrypted with age
  .zst  compressed with Zstandard     .gpg  encrypted with OpenPGP

A file without a manifest is not a backup: it is incomplete, or being removed.
Files in "trash/" and "quarantine/" are not backups either.


To find the newest backup of a source

Names of the same source sort by time: use the last one that has a manifest.
Fields of the manifest:

  source.name       name of the source; source.location: its former path
  startedAt         time of the state of the database
  object.sha256     SHA-256 of the stored file; object.size: its bytes
  image.sha256      SHA-256 of the restored database file; image.size
  compression       "none", "gzip" or "zstd"
  encryption        "none", "age" or "openpgp"
  keys              keys that decrypt it: recipients of age, fingerprints of
                    OpenPGP, or "passphrase"; absent if it is not encrypted
  parts             further files of the backup, each with its own object,
                    image and compression; absent if there are none
  facts.tables      every table, with its number of rows
  verifiedAt        time of the verification; null: never verified


To restore it

Download the file and its manifest, and run the commands for the end of its
name. B is the name up to ".db".

  sha256sum $B.db*                             compare it with object.sha256

  $B.db           no command is needed
  $B.db.gz        gunzip -k $B.db.gz
  $B.db.zst       zstd -d $B.db.zst

  $B.db.age       age -d -i key.txt -o $B.db $B.db.age
  $B.db.gz.age    age -d -i key.txt $B.db.gz.age | gunzip > $B.db
  $B.db.zst.age   age -d -i key.txt $B.db.zst.age | zstd -d > $B.db
                  for a passphrase: omit "-i key.txt"; age asks for it

  $B.db.gpg       gpg -d -o $B.db $B.db.gpg
  $B.db.gz.gpg    gpg -d $B.db.gz.gpg | gunzip > $B.db
  $B.db.zst.gpg   gpg -d $B.db.zst.gpg | zstd -d > $B.db
                  gpg uses the key in its keyring (gpg --import key.asc),
                  or asks for the passphrase

  sha256sum $B.db                              compare it with image.sha256

If the manifest has "parts", download all of them and do the same with each:
its digests are parts[].object.sha256 and parts[].image.sha256.

${notes}
The private key or the passphrase is not in this store: it is on the recovery
card.


To restore it with Holdfast on a new machine

  holdfast rebuild --from <URL of this store>
  holdfast restore --latest --source <source> --output <new file>
`
}
