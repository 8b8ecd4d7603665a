/** Where a request comes from: the socket's address, or what a proxy forwarded that the owner trusts. */
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Words for ranges that need no looking up. */
const RANGES: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'],
};

/** Addresses, ranges such as `10.0.0.0/8`, `loopback`, `private`; undefined where one is none of these. */
export const trustedProxies = (entries: readonly string[]): BlockList | undefined => {
  const list = new BlockList();
  const added = entries.flatMap((entry) => RANGES[entry.toLowerCase()] ?? [entry]).every((entry) => add(list, entry));
  return added ? list : undefined;
};

const add = (list: BlockList, entry: string): boolean => {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  if (version === 0 || Number(prefix ?? 0) > longest) return false;
  list.addSubnet(address, Number(prefix ?? longest), version === 4 ? 'ipv4' : 'ipv6');
  return true;
};

/**
 * The nearest address that is no trusted proxy, reading `X-Forwarded-For` from its end: whatever stands before it a
 * client may have made up. Of an IPv6 address the network counts, since one client has all of it.
 */
export const clientAddress = ({ socket, headers }: IncomingMessage, proxies: BlockList): string => {
  const forwarded = String(headers['x-forwarded-for'] ?? '').split(',');
  let address = plain(socket.remoteAddress ?? '');
  while (isTrusted(address, proxies)) {
    const next = plain(forwarded.pop()?.trim() ?? '');
    if (isIP(next) === 0) break;
    address = next;
  }
  return isIP(address) === 6 ? networkOf(address) : address;
};

const isTrusted = (address: string, proxies: BlockList): boolean => {
  const version = isIP(address);
  return version !== 0 && proxies.check(address, version === 4 ? 'ipv4' : 'ipv6');
};

/** Without brackets, port, and the prefix of an IPv4 address that came over an IPv6 socket. */
const plain = (text: string): string => {
  const unbracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(unbracketed)?.[1] ?? unbracketed;
  return /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(mapped)?.[1] ?? mapped;
};

/** The first four of its eight groups. */
const networkOf = (address: string): string => {
  const [left = '', right] = (address.split('%')[0] ?? '').split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const zeros =
    right === undefined ? [] : Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  return `${[...head, ...zeros, ...tail]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
};
