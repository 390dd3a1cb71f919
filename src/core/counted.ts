/** `1 backup`, `3 backups`. `plural`: where it is not the noun with an "s", such as `directories`. */
export function counted (count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}
