/** Checks of the login: which one counts, and whether it works. */
import { createEngine } from '../../node/engine.ts';
import { findCredentials } from '../../node/credentials.ts';
import { findExistingLogin } from '../../node/existing-login.ts';
import { loginAdvice } from '../../node/login-advice.ts';
import { toTurnError, TurnError } from '../../turn/errors.ts';
import type { Turn } from '../../turn/turn.ts';
import type { Config } from '../../settings/server-settings.ts';
import type { Environment } from '../../settings/parse-settings.ts';
import { note, ok, problem, type Finding } from './finding.ts';

export interface LoginQuestion {
  readonly config: Config;
  readonly env: Environment;
  /** A turn of one token, which costs next to nothing, in place of a count of tokens, which is free. */
  readonly paid: boolean;
}

const ANSWER_WITHIN_MS = 60_000;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const checkLogin = async ({ config, env, paid }: LoginQuestion): Promise<readonly Finding[]> => {
  const credentials = findCredentials(env, { engine: config.ENGINE, existingLogin: await findExistingLogin(env) });
  if (credentials.kind === 'none')
    return [problem('login', 'No login was found.', 'opencode-claude-proxy login, or set ANTHROPIC_API_KEY')];
  const beside = credentials.ignored.map((name) => note('login', `${name} is set too, and not used.`));
  const engine = await createEngine({ config, env, credentials, log: silent });
  const controller = new AbortController();
  const { signal } = controller;
  // A timer of its own also keeps this process alive while it waits for the child.
  const timer = setTimeout(
    () => controller.abort(new TurnError('upstream_timeout', 'no answer within a minute')),
    ANSWER_WITHIN_MS,
  );
  try {
    if (paid) for await (const _ of engine.run(question, signal));
    else await engine.countTokens(question, signal);
    return [
      ok('login', `${credentials.from} works${paid ? '' : ' (asked for a count of tokens, which is free)'}`),
      ...beside,
    ];
  } catch (thrown) {
    const error = toTurnError(thrown);
    const refused = error.code === 'upstream_authentication' || error.code === 'not_logged_in';
    const remedy = refused
      ? loginAdvice(credentials, env).remedy
      : 'opencode-claude-proxy doctor --turn asks with a turn';
    return [problem('login', `${credentials.from} does not work: ${error.message}`, remedy), ...beside];
  } finally {
    clearTimeout(timer);
    await engine.close();
  }
};

const question: Turn = {
  id: 'req_doctor',
  owner: 'doctor',
  request: { model: 'claude-haiku-4-5-20251001', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] },
  betas: [],
};
