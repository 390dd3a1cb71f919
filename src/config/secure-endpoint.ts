/** Names that never leave the machine (RFC 6761), and the loopback addresses. */
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i

/**
 * Whether the endpoint is `http:` on another machine: credentials, backups and the answers of the store could be read
 * and changed on their way. undefined stands for the address of the provider itself, which is `https:`.
 */
export function isInsecure (endpoint: string | undefined): boolean {
  const url = endpoint === undefined ? null : URL.parse(endpoint)
  return url?.protocol === 'http:' && !LOOPBACK.test(url.hostname)
}
