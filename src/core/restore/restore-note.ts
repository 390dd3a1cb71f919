import type { SourceKind } from '../ports/source-kind.ts'

/**
 * Beside the backups, in every store: tells whoever finds them what they are. It is no backup, and no rule touches it.
 */
export const RESTORE_NOTE = 'RESTORE.txt'

/** What it contains, for backups of these kinds. It names no host, no path and no key. */
export function restoreNoteText (kinds: Iterable<Pick<SourceKind, 'byHand'>>): string {
  const byHand = [...kinds].map(kind => kind.byHand)
  const [tools, notes] = [byHand.map(({ tool }) => tool).join(', '), byHand.map(({ note }) => note).join('\n')]
  return `\
These are backups of databases, made by Holdfast. Everything here can be
restored without Holdfast, with tools that every distribution has: sha256sum,
gzip, zstd, ${tools}, and age or gpg where a backup is encrypted.


What lies here

  <source>-backup-<time>.db...                 a backup; the time is UTC
  <source>-backup-<time>.db....manifest.json   what it is, as JSON
  <source>-backup-<time>.<part>...             a further part of the backup,
                                               named in "parts" of its manifest

The end of the name says what was done to the database file, in this order:

  .gz   compressed by gzip            .age  encrypted by age
  .zst  compressed by Zstandard       .gpg  encrypted by OpenPGP

A file without a manifest beside it is no backup: it was never finished, or it
is about to be removed. So is what lies in "trash/" and "quarantine/".


To find the newest backup of a source

The names of one source sort by time: take the last one that has a manifest.
The manifest says what to expect:

  source.name       whose backup it is; source.location: where that stood
  startedAt         the state of the database is the one of this time
  object.sha256     of the file as it lies here; object.size: its bytes
  image.sha256      of the database file that comes out of it; image.size
  compression       "none", "gzip" or "zstd"
  encryption        "none", "age" or "openpgp"
  keys              which keys open it: recipients of age, fingerprints of
                    OpenPGP, or "passphrase"; not there if it is not encrypted
  parts             the files that belong to the backup in addition to this
                    one, each with its own object, image and compression; not
                    there if there are none
  facts.tables      every table, with its rows
  verifiedAt        when it was proven to be restorable; null: never


To restore it

Fetch the file and its manifest, with whatever reads this place, and go
through the lines that fit the end of the name. B is the name up to ".db".

  sha256sum $B.db*                             is it object.sha256?

  $B.db           nothing to be done
  $B.db.gz        gunzip -k $B.db.gz
  $B.db.zst       zstd -d $B.db.zst

  $B.db.age       age -d -i key.txt -o $B.db $B.db.age
  $B.db.gz.age    age -d -i key.txt $B.db.gz.age | gunzip > $B.db
  $B.db.zst.age   age -d -i key.txt $B.db.zst.age | zstd -d > $B.db
                  with a passphrase: without "-i key.txt"; age asks for it

  $B.db.gpg       gpg -d -o $B.db $B.db.gpg
  $B.db.gz.gpg    gpg -d $B.db.gz.gpg | gunzip > $B.db
  $B.db.zst.gpg   gpg -d $B.db.zst.gpg | zstd -d > $B.db
                  gpg takes the key from its keyring (gpg --import key.asc),
                  or asks for the passphrase

  sha256sum $B.db                              is it image.sha256?

Where the manifest has "parts", fetch all of them, and do the same with each:
its digests are parts[].object.sha256 and parts[].image.sha256.
${notes}
The private key or the passphrase is not here: it is on the recovery card.


To restore it with Holdfast, on a machine that has nothing yet

  holdfast rebuild --from <this place>
  holdfast restore --latest --source <source>
`
}
