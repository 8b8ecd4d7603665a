import { describe, expect, it } from 'vitest';
import { createKeyRing, localOwner, presentedKeys } from '../../src/access/keys.ts';

describe('a key ring', () => {
  it('without keys lets everybody in as the local owner', async () => {
    const ring = await createKeyRing([]);
    expect(ring.open).toBe(true);
    expect(await ring.ownerOf([])).toBe(localOwner);
    expect(await ring.ownerOf(['anything'])).toBe(localOwner);
  });

  it('knows each of its keys and nothing else', async () => {
    const ring = await createKeyRing(['alpha', 'beta']);
    expect(ring.open).toBe(false);
    expect(await ring.ownerOf(['alpha'])).toMatch(/^[0-9a-f]{12}$/);
    for (const wrong of ['', 'alph', 'alphaa', 'ALPHA', 'alpha,beta', 'gamma'])
      expect(await ring.ownerOf([wrong])).toBeUndefined();
    expect(await ring.ownerOf([])).toBeUndefined();
  });

  it('gives different keys different owners and the same key the same one', async () => {
    const ring = await createKeyRing(['alpha', 'beta']);
    expect(await ring.ownerOf(['alpha'])).not.toBe(await ring.ownerOf(['beta']));
    expect(await ring.ownerOf(['alpha'])).toBe(await (await createKeyRing(['alpha'])).ownerOf(['alpha']));
  });

  it('accepts a right key beside a wrong one', async () => {
    const ring = await createKeyRing(['alpha']);
    expect(await ring.ownerOf(['wrong', 'alpha'])).toBeDefined();
  });
});

describe('presented keys', () => {
  it.each([
    [{ authorization: 'Bearer abc' }, ['abc']],
    [{ authorization: 'bearer   abc  ' }, ['abc']],
    [{ 'x-api-key': 'abc' }, ['abc']],
    [{ authorization: 'Bearer one', 'x-api-key': 'two' }, ['one', 'two']],
    [{ 'api-key': ' abc ' }, ['abc']],
    [{ authorization: 'Basic abc' }, []],
    [{ authorization: 'Bearer ' }, []],
    [{ 'x-api-key': '' }, []],
    [{}, []],
  ])('of %j are %j', (headers, expected) => {
    expect(presentedKeys(new Headers(headers as Record<string, string>))).toEqual(expected);
  });
});
