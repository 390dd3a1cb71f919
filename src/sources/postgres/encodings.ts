/** Encodings of PostgreSQL that a decoder of the WHATWG Encoding Standard reads, by its label. */
const LABELS: Readonly<Record<string, string>> = {
  UTF8: 'utf-8',
  EUC_JP: 'euc-jp',
  EUC_KR: 'euc-kr',
  EUC_CN: 'gbk',
  KOI8R: 'koi8-r',
  KOI8U: 'koi8-u',
  LATIN2: 'iso-8859-2',
  LATIN3: 'iso-8859-3',
  LATIN4: 'iso-8859-4',
  LATIN6: 'iso-8859-10',
  LATIN7: 'iso-8859-13',
  LATIN8: 'iso-8859-14',
  LATIN9: 'iso-8859-15',
  LATIN10: 'iso-8859-16',
  ISO_8859_5: 'iso-8859-5',
  ISO_8859_6: 'iso-8859-6',
  ISO_8859_7: 'iso-8859-7',
  ISO_8859_8: 'iso-8859-8',
  WIN866: 'ibm866',
  WIN874: 'windows-874',
  ...Object.fromEntries([1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258].map(page => [
    `WIN${page}`,
    `windows-${page}`
  ]))
}

/** What makes text of bytes in an encoding of PostgreSQL; text that it cannot be sure of is undefined. */
export function decoderOf (encoding: string): (bytes: Buffer) => string | undefined {
  if (encoding === 'LATIN1') return bytes => bytes.toString('latin1')
  const label = LABELS[encoding]
  const decoder = label === undefined ? undefined : new TextDecoder(label, { fatal: true, ignoreBOM: true })
  return bytes => {
    const ascii = bytes.toString('latin1')
    // Encodings of a server contain ASCII.
    if (!/[\u0080-\u00FF]/.test(ascii)) return ascii
    try {
      return decoder?.decode(bytes)
    } catch {
      return undefined
    }
  }
}
