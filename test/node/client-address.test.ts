import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/node/config.ts';
import { clientAddress, trustedProxies } from '../../src/node/socket/client-address.ts';
import { chat } from '../http/set-up.ts';
import { startServer } from './start-server.ts';

describe('the address of a client', () => {
  it.each<[remote: string, forwarded: string | undefined, trusted: string, expected: string]>([
    ['203.0.113.9', undefined, '', '203.0.113.9'],
    ['203.0.113.9', '198.51.100.1', '', '203.0.113.9'],
    ['203.0.113.9', '198.51.100.1', 'private', '203.0.113.9'],
    ['10.1.2.3', '198.51.100.1', 'private', '198.51.100.1'],
    ['10.1.2.3', '192.0.2.7, 198.51.100.1', 'private', '198.51.100.1'],
    ['10.1.2.3', '198.51.100.1, 10.9.9.9', 'private', '198.51.100.1'],
    ['10.1.2.3', '198.51.100.1, 10.9.9.9', '10.1.2.0/24', '10.9.9.9'],
    ['10.1.2.3', 'made up', 'private', '10.1.2.3'],
    ['10.1.2.3', '10.9.9.9', 'private', '10.9.9.9'],
    ['::ffff:127.0.0.1', '198.51.100.1:4711', 'loopback', '198.51.100.1'],
    ['::1', '[2001:db8:1:2:3:4:5:6]:4711', 'loopback', '2001:db8:1:2::/64'],
    ['2001:db8::1', undefined, '', '2001:db8:0:0::/64'],
    ['fd00::1', '2001:db8::', '203.0.113.0/24,fd00::/8', '2001:db8:0:0::/64'],
  ])('%s forwarding %s, trusting %s: %s', (remoteAddress, forwarded, trusted, expected) => {
    const proxies = trustedProxies(trusted.split(',').filter((entry) => entry !== ''));
    if (proxies === undefined) throw new Error('not a list of proxies');
    const incoming = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } };
    expect(clientAddress(incoming as unknown as IncomingMessage, proxies)).toBe(expected);
  });

  it.each(['localhost', '10.0.0.0/33', '10.0.0', 'fd00::/129', '10.0.0.0/8/8'])('cannot be trusted as %s', (entry) => {
    expect(parseConfig({ TRUSTED_PROXIES: entry })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('TRUSTED_PROXIES')],
    });
  });
});

describe('wrong keys', () => {
  const wrong = { 'x-api-key': 'a guess' };
  const right = { 'x-api-key': 'the key' };
  const PROXY_API_KEY = 'the key,another key';

  it('are slowed down, in words, and the others work on', async () => {
    const { post } = await startServer({ env: { PROXY_API_KEY } });
    expect((await post(chat(), { headers: right })).status).toBe(200);
    const statuses: number[] = [];
    for (let time = 0; time < 25; time += 1) {
      const response = await post(chat(), { headers: { ...wrong, 'x-forwarded-for': `198.51.100.${time}` } });
      statuses.push(response.status);
      if (response.status === 429) {
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
        expect(await response.text()).toMatch(/wrong keys came from this address.*Try again in \d s/);
      } else await response.text();
    }
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(statuses.at(-1)).toBe(429);
    expect((await post(chat(), { headers: right })).status).toBe(200);
    expect((await post(chat(), { headers: { 'x-api-key': 'another key' } })).status).toBe(429);
  });

  it('are counted by the forwarded address behind a trusted proxy', async () => {
    const { post } = await startServer({ env: { PROXY_API_KEY, TRUSTED_PROXIES: 'loopback' } });
    for (let time = 0; time < 25; time += 1)
      await (await post(chat(), { headers: { ...wrong, 'x-forwarded-for': '198.51.100.1' } })).text();
    const from = async (address: string) =>
      (await post(chat(), { headers: { ...right, 'x-forwarded-for': address } })).status;
    expect(await from('198.51.100.1')).toBe(429);
    expect(await from('198.51.100.2')).toBe(200);
  });

  it('do not count where no key is needed', async () => {
    const { post } = await startServer();
    for (let time = 0; time < 30; time += 1) {
      const response = await post(chat(), { headers: { 'x-api-key': String(time) } });
      expect(response.status).toBe(200);
      await response.text();
    }
  });
});
