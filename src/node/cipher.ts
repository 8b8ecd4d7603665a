/** The key for what callers keep for this server: the owner's, or one that is made once and kept in the database. */
import type { Config } from '../settings/server-settings.ts';
import type { Store } from '../store/store.ts';
import { textCipher, type TextCipher } from '../util/text-cipher.ts';

/** Has the key when it is first asked for. Without a database it lasts as long as the process. */
export const lazyCipher = (
  { PROXY_ENCRYPTION_KEY: given }: Pick<Config, 'PROXY_ENCRYPTION_KEY'>,
  store: Pick<Store, 'sharedValue'> | undefined,
): (() => Promise<TextCipher>) => {
  let cipher: Promise<TextCipher> | undefined;
  const create = async (): Promise<TextCipher> => textCipher(given || (await storedKey(store)), 'responses');
  return () => (cipher ??= create());
};

const storedKey = async (store: Pick<Store, 'sharedValue'> | undefined): Promise<string> => {
  const fresh = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
  if (store === undefined) return fresh;
  const stored = store.sharedValue<string>({
    id: 'encryption-key',
    initial: '',
    parse: (value) => (typeof value === 'string' ? value : undefined),
  });
  return await stored.change((value) => ({ value: value || fresh, result: value || fresh }));
};
