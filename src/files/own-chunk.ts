const own = new WeakSet<Buffer>()

/**
 * Declares that only the stream that delivers this chunk refers to it and to its memory. The last stage, which copies
 * the bytes, may then free the memory at once (`freeChunk`). Without that, the memory stays until the next garbage
 * collection, and V8 begins one of the whole heap after every 64 MiB of such memory.
 */
export function ownChunk (chunk: Buffer): Buffer {
  // A chunk of a larger piece of memory shares it with others.
  if (chunk.byteLength === chunk.buffer.byteLength && chunk.buffer instanceof ArrayBuffer) own.add(chunk)
  return chunk
}

/** Frees the memory of an `ownChunk`, which is empty afterwards; leaves any other chunk as it is. */
export function freeChunk (chunk: Buffer): void {
  if (own.delete(chunk)) (chunk.buffer as ArrayBuffer).transfer(0)
}
