/** Checks of the login: which one counts, and whether it works. */
import { findCredentials } from '../../node/login/credentials.ts';
import { findExistingLogin } from '../../node/login/existing-login.ts';
import { loginAdvice } from '../../node/login/login-advice.ts';
import { toTurnError, TurnError } from '../../turn/errors.ts';
import type { Engine } from '../../turn/engine.ts';
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
  const direct = credentials.kind === 'api-key' || credentials.kind === 'auth-token';
  // Claude Code estimates where it cannot count, so its count shows nothing of the login.
  if (!paid && !direct)
    return [
      note('login', `${credentials.from} is there.`, 'opencode-claude-proxy doctor --turn asks whether it works'),
    ];
  // Loaded here, so that other commands do not wait for the engines.
  const { createEngine } = await import('../../node/engine.ts');
  const engine = await createEngine({
    config: paid ? config : { ...config, ENGINE: 'anthropic-api' },
    env,
    credentials,
    log: silent,
  });
  const failure = await failureOf(engine, paid);
  if (failure === undefined) {
    const how = paid ? '' : ' (asked for a count of tokens, which is free)';
    return [ok('login', `${credentials.from} works${how}`), ...beside];
  }
  const refused = failure.code === 'upstream_authentication' || failure.code === 'not_logged_in';
  const remedy = refused
    ? loginAdvice(credentials, env).remedy
    : 'opencode-claude-proxy doctor --turn asks with a turn';
  return [problem('login', `${credentials.from} does not work: ${failure.message}`, remedy), ...beside];
};

/** Why the engine could not be asked; undefined where it answered. Ends the engine. */
const failureOf = async (engine: Engine, paid: boolean): Promise<TurnError | undefined> => {
  const controller = new AbortController();
  const tooLate = new TurnError('upstream_timeout', 'no answer within a minute');
  // A timer of its own also keeps this process alive while it waits for the child.
  const timer = setTimeout(() => controller.abort(tooLate), ANSWER_WITHIN_MS);
  try {
    if (paid) for await (const _ of engine.run(question, controller.signal));
    else await engine.countTokens(question, controller.signal);
    return undefined;
  } catch (thrown) {
    return toTurnError(thrown);
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
