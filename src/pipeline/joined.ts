import { compose, type Duplex, type Readable } from 'node:stream'

/**
 * Stages one after the other, as one stream to read from. An error of any of them is told to its reader, also to one
 * that comes later; where there is none, because it has left, the error must not end the process.
 */
export function joined (source: Readable, ...stages: readonly [...Duplex[], Duplex]): Readable {
  const stream = compose(source, ...stages)
  for (const one of [source, ...stages, stream]) one.on('error', () => {})
  return stream
}
