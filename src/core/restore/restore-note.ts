import type { SourceKind } from '../ports/source-kind.ts'

/**
 * The file next to the backups in every store that describes them. It is not a backup, and no rule removes it.
 */
export const RESTORE_NOTE = 'RESTORE.txt'

/** The content of that file, for backups of these kinds. It contains no host name, no path and no key. */
export function restoreNoteText (kinds: Iterable<Pick<SourceKind, 'name' | 'label' | 'byHand'>>): string {
  const known = [...kinds]
  const tools = known.map(({ byHand }) => byHand.tool).join(', ')
  const notes = known.map(({ name, label, byHand }) => `Kind "${name}" (${label}):\n\n${byHand.note}`)
    .join('\n')
  return `\
These are backups made by Holdfast. They can be restored without Holdfast,
with tools that every Linux distribution has: sha256sum, gzip, zstd,
${tools}, and age or gpg if a backup is encrypted.


The files in this store

  <source>-backup-<time>.<type>...             a backup; the time is UTC
  <source>-backup-<time>.<type>....manifest.json
                                               its description, as JSON
  <source>-backup-<time>.<part>...             another part of the backup,
                                               see "parts" in its manifest

The type is that of the plain file, such as "db" for a SQLite database. The
end of the name shows how that file was processed, in this order:

  .gz   compressed with gzip          .age  encrypted with age
  .zst  compressed with Zstandard     .gpg  encrypted with OpenPGP

A file without a manifest is not a backup: it is incomplete, or being removed.
Files in "trash/" and "quarantine/" are not backups either.


To find the newest backup of a source

Names of the same source sort by time: use the last one that has a manifest.
Fields of the manifest:

  source.name       name of the source; source.location: its former path
  source.kind       kind of the source, as named below
  startedAt         time of the state of the source
  object.sha256     SHA-256 of the stored file; object.size: its bytes
  image.sha256      SHA-256 of the plain file; image.size: its bytes
  compression       "none", "gzip" or "zstd"
  encryption        "none", "age" or "openpgp"
  keys              keys that decrypt it: recipients of age, fingerprints of
                    OpenPGP, or "passphrase"; absent if it is not encrypted
  parts             further files of the backup, each with its own object,
                    image and compression; absent if there are none
  facts.tables      tables of a database, with their numbers of rows
  verifiedAt        time of the verification; null: never verified


To restore it

Download the file and its manifest, and run the commands for the end of its
name. B is the name without those ends, such as
"shop-backup-2025-11-24T23-30-00.db".

  sha256sum $B*                                compare it with object.sha256

  $B              no command is needed
  $B.gz           gunzip -k $B.gz
  $B.zst          zstd -d $B.zst

  $B.age          age -d -i key.txt -o $B $B.age
  $B.gz.age       age -d -i key.txt $B.gz.age | gunzip > $B
  $B.zst.age      age -d -i key.txt $B.zst.age | zstd -d > $B
                  for a passphrase: omit "-i key.txt"; age asks for it

  $B.gpg          gpg -d -o $B $B.gpg
  $B.gz.gpg       gpg -d $B.gz.gpg | gunzip > $B
  $B.zst.gpg      gpg -d $B.zst.gpg | zstd -d > $B
                  gpg uses the key in its keyring (gpg --import key.asc),
                  or asks for the passphrase

  sha256sum $B                                 compare it with image.sha256

If the manifest has "parts", download all of them and do the same with each:
its digests are parts[].object.sha256 and parts[].image.sha256.

Then follow the steps for the kind of the source (source.kind).

${notes}
The private key or the passphrase is not in this store: it is on the recovery
card.


To restore it with Holdfast on a new machine

  holdfast rebuild --from <URL of this store>
  holdfast restore --latest --source <source> --output <new file>
`
}
