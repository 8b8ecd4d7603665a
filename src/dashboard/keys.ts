/** What the pages of keys do with the forms that they get. */
import type { Admin } from '../http/admin/admin.ts';
import { TurnError } from '../turn/errors.ts';
import type { Asked, Outcome } from './frame.ts';
import { fieldsOfForm, settingsOf } from './key-fields.ts';
import type { Page } from './layout.ts';
import { keyPage, madeKeyPage, newKeyPage } from './pages/keys.ts';

type Sent = Asked & { readonly form: URLSearchParams };

export const emptyKeyForm = async (admin: Admin): Promise<Page> =>
  newKeyPage({ values: {}, windows: await windowsOf(admin) });

/** A form with a mistake comes back as it was filled in. */
export const makeKey = async (admin: Admin, { caller, form }: Sent, address: string): Promise<Outcome> => {
  const values = fieldsOfForm(form);
  try {
    return madeKeyPage(await admin.createKey(settingsOf(values), caller.name), address);
  } catch (error) {
    return newKeyPage({ values, windows: await windowsOf(admin), problem: mistakeOf(error) });
  }
};

export const showKey = async (admin: Admin, { c }: Asked): Promise<Page> =>
  keyPage({
    key: await admin.key(idOf({ c })),
    windows: await windowsOf(admin),
    saved: c.req.query('saved') !== undefined,
  });

export const changeKey = async (admin: Admin, { c, caller, form }: Sent): Promise<Outcome> => {
  const key = await admin.key(idOf({ c }));
  const values = fieldsOfForm(form);
  try {
    await admin.changeKey(key.id, settingsOf(values, key), caller.name);
    return { to: `/dashboard/keys/${encodeURIComponent(key.id)}?saved` };
  } catch (error) {
    return keyPage({ key, values, windows: await windowsOf(admin), problem: mistakeOf(error) });
  }
};

export const revokeKey = async (admin: Admin, { c, caller }: Sent): Promise<Outcome> => {
  await admin.revokeKey(idOf({ c }), caller.name);
  return { to: '/dashboard/keys' };
};

export const idOf = ({ c }: Pick<Asked, 'c'>): string => c.req.param('id') ?? '';

/** The windows that the plan is known to have. */
const windowsOf = async (admin: Admin): Promise<readonly string[]> =>
  (await admin.limits()).windows.map(({ window }) => window);

/** Throws what is no mistake in the form. */
const mistakeOf = (error: unknown): { message: string; param: string | undefined } => {
  if (!(error instanceof TurnError) || error.code !== 'invalid_request') throw error;
  return { message: error.message, param: error.param };
};
