import { createHash } from 'node:crypto'
import { PASSPHRASE_KEY, type Sealing } from '../core/ports/encryption.ts'

/** What a recovery card is made of. */
export interface KeyCard {
  readonly id: string
  /** null: a passphrase. */
  readonly encryption: Sealing | null
  /** The private key or the passphrase itself, as it is to be written down. */
  readonly text: string
  /** The public key that manifests are signed with; null: not known where the card is made. */
  readonly signingKey: string | null
  readonly madeAt: Date
  /** Commands that look into an unpacked backup, one for each kind of source. */
  readonly commands: readonly string[]
}

/** Characters that are read and typed in one go. */
const GROUP = 4
/** What is longer is hard to follow with a finger. Characters. */
const LINE = 40

interface CardLine {
  readonly shown: string
  readonly checksum: string
}

/** On screen and on paper, without scripts and without anything from elsewhere. */
export function keyCardPage (card: KeyCard): string {
  const rows = linesOf(card).map(({ shown, checksum }, index) =>
    `<tr><td>${index + 1}</td><td>${escaped(shown)}</td><td>${checksum}</td></tr>`
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Recovery card for backups</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Recovery card for backups</h1>
<p class="warning">Anyone with this page can decrypt every backup encrypted with this key. If this page and the machine are lost, the backups cannot be restored.</p>
<dl><dt>Key</dt><dd>${escaped(card.id)}</dd><dt>Kind</dt><dd>${kindOf(card)}</dd><dt>Printed</dt><dd>${
    card.madeAt.toISOString().slice(0, 16).replace('T', ' ')
  } UTC</dd></dl>
<h2>The private key</h2>
<table><thead><tr><th>Line</th><th>Text</th><th>Check</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table>
<ul>${readingOf(card).map(sentence => `<li>${escaped(sentence)}</li>`).join('')}</ul>
<h2>The key that signs manifests (public)</h2>
<ul>${signingOf(card).map(sentence => `<li>${escaped(sentence)}</li>`).join('')}</ul>
<h2>How to restore</h2>
<pre>${escaped(stepsOf(card).join('\n'))}</pre>
<h2>What to do now</h2>
<ol>${
    NOW.map(sentence => `<li>${escaped(sentence)}</li>`).join('')
  }<li>Record that it is stored: <code>holdfast key confirm ${escaped(card.id)}</code></li></ol>
</body>
</html>
`
}

/** The same for a terminal or a printer that knows no pages. */
export function keyCardText (card: KeyCard): string {
  return [
    'RECOVERY CARD FOR BACKUPS',
    '',
    'Anyone with this card can decrypt every backup encrypted with this key.',
    'If this card and the machine are lost, the backups cannot be restored.',
    '',
    `Key:     ${card.id}`,
    `Kind:    ${kindOf(card)}`,
    `Printed: ${card.madeAt.toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    '',
    'THE PRIVATE KEY (line, text, check)',
    '',
    ...linesOf(card).map(({ shown, checksum }, index) => `${String(index + 1).padStart(3)}  ${shown}  [${checksum}]`),
    '',
    ...readingOf(card).map(sentence => `- ${sentence}`),
    '',
    'THE KEY THAT SIGNS MANIFESTS (PUBLIC)',
    '',
    ...signingOf(card).map(sentence => `- ${sentence}`),
    '',
    'HOW TO RESTORE',
    '',
    ...stepsOf(card),
    '',
    'WHAT TO DO NOW',
    '',
    ...[...NOW, `Record that it is stored: holdfast key confirm ${card.id}`].map((sentence, index) =>
      `${index + 1}. ${sentence}`
    ),
    ''
  ].join('\n')
}

const NOW = [
  'Print this card on a printer to which only you have access, and leave no copy in the printer or in a shared directory.',
  'Store it in a different building from the machine and its backups: a safe, a bank, a trusted person.'
]

/** Keys of age in two lines; an armoured key line by line; a passphrase as it is, for a space may belong to it. */
function linesOf ({ id, text, encryption }: KeyCard): readonly CardLine[] {
  if (id === PASSPHRASE_KEY) return [{ shown: text, checksum: checksumOf(text) }]
  const lines = encryption === 'age' ? cut(text.trim(), LINE) : text.trim().split(/\r?\n/)
  return lines.map(line => ({
    shown: isKeyText(line, encryption) ? cut(line, GROUP).join(' ') : line,
    checksum: checksumOf(line)
  }))
}

/** Of an armoured key the frame and the blank line are read as they are. */
function isKeyText (line: string, encryption: Sealing | null): boolean {
  return encryption === 'age' || (line !== '' && !line.startsWith('-----'))
}

function cut (text: string, length: number): string[] {
  return Array.from(
    { length: Math.ceil(text.length / length) },
    (_, part) => text.slice(part * length, (part + 1) * length)
  )
}

/** The first four hex digits of the SHA-256 of a line without its spaces. */
function checksumOf (line: string): string {
  return createHash('sha256').update(line).digest('hex').slice(0, 4)
}

function kindOf ({ encryption }: KeyCard): string {
  return encryption === null
    ? 'passphrase'
    : encryption === 'age'
    ? 'age (https://age-encryption.org)'
    : 'OpenPGP (GnuPG)'
}

function readingOf ({ encryption }: KeyCard): readonly string[] {
  const check = "Compare the check of each line you type: printf %s 'LINE' | sha256sum | cut -c1-4"
  if (encryption === null) return ['Type it exactly as printed, including spaces.', check]
  const spaces = 'Omit all spaces within the lines. They only make the text easier to read.'
  return encryption === 'age'
    ? [spaces, 'Join all lines to one line in the file key.txt.', check]
    : [
      spaces,
      'Keep the spaces of the first and the last line. Write all lines, including the empty one, to the file key.asc.',
      check
    ]
}

/** How a new machine tells the backups of this installation from planted ones. */
function signingOf ({ signingKey }: KeyCard): readonly string[] {
  if (signingKey === null) {
    return [
      'The key is unknown here. Run "holdfast key list" on the server, and write down the key that starts with "holdfast-sign1-".'
    ]
  }
  return [
    `${signingKey}  [${checksumOf(signingKey)}]`,
    'On a new machine, set BACKUP_TRUSTED_SIGNING_KEYS to this key before "holdfast rebuild". Backups of this installation then count as signed.',
    'A backup that "holdfast list" shows as unsigned, or signed by an unknown key, may be forged. BACKUP_REQUIRE_SIGNED=true rejects it.'
  ]
}

function stepsOf ({ encryption, commands }: KeyCard): readonly string[] {
  const age = (key: string): string => `age -d ${key}-o backup.db.zst backup.db.zst.age`
  const gpg = 'gpg -o backup.db.zst -d backup.db.zst.gpg'
  const rest = [
    'zstd -d backup.db.zst                # .gz: gzip -d; neither: already the database',
    ...commands
  ]
  if (encryption === 'age') return [age('-i key.txt '), ...rest]
  if (encryption === 'openpgp') return ['gpg --import key.asc', gpg, ...rest]
  return [`${age('')}     # asks for the passphrase`, `${gpg}      # the same for .gpg`, ...rest]
}

function escaped (value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

const STYLE = `
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 15px/1.5 system-ui, sans-serif; color: #111; background: #fff }
h1 { margin: 0 } h2 { margin: 1.6rem 0 .4rem; font-size: 1.1rem }
.warning { padding: .6rem .8rem; border: 2px solid #a4161a }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem } dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse } td, th { padding: .15rem .9rem .15rem 0; text-align: left; vertical-align: top }
td, code, pre { font: 15px/1.5 ui-monospace, monospace; white-space: pre-wrap } td { font-size: 17px; letter-spacing: .03em }
@page { size: A4; margin: 18mm } @media print { body { margin: 0; max-width: none } tr, pre, ol { break-inside: avoid } }
`
