import type { FastifyRequest } from 'fastify'
import { BlockList, isIP, isIPv6 } from 'node:net'

/**
 * Whom to believe about who the caller is: nobody, so many proxies in a row, or those at addresses or in ranges, with
 * commas in between.
 */
export type TrustedProxies = false | number | string

const RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']
}

/**
 * Decides, for each address from the socket outwards, whether it is that of a proxy of ours. Fastify is given this
 * function for a number, too: what it makes of a number itself differs between its versions.
 */
export function trustOf (proxies: TrustedProxies): false | ((address: string, hop: number) => boolean) {
  if (proxies === false) return false
  if (typeof proxies === 'number') return (_address, hop) => hop < proxies
  const known = new BlockList()
  for (const range of proxies.split(',').flatMap(part => RANGES[part.trim()] ?? [part.trim()])) {
    const [address = '', length] = range.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    known.addSubnet(address, length === undefined ? family === 'ipv6' ? 128 : 32 : Number(length), family)
  }
  return address => {
    const bare = address.replace(/^::ffff:(?=\d+\.)/i, '')
    return isIP(bare) !== 0 && known.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4')
  }
}

/** Where the request came from. What a proxy passed on and is no address is not taken: then it is that of the proxy. */
export function addressOf ({ ip, socket }: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  return isIP(ip) === 0 ? socket.remoteAddress ?? 'unknown' : ip
}
