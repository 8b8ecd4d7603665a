/** Which engine runs the turns, made from settings and login. */
import { createApiEngine } from '../engines/api/engine.ts';
import { createClaudeEngine } from '../engines/claude/engine.ts';
import type { Log } from '../util/log.ts';
import type { Engine } from '../turn/engine.ts';
import type { Environment } from './config.ts';
import { credentialClass, allowedVariables, type Credentials } from './login/credentials.ts';
import type { Config } from '../settings/server-settings.ts';
import { placeCredentials, prepareState, stateRoot, type PreparedState } from './state.ts';
import { createUpstreamFetch } from './upstream-fetch.ts';

export interface EngineParts {
  readonly config: Config;
  readonly env: Environment;
  readonly credentials: Exclude<Credentials, { kind: 'none' }>;
  readonly log: Log;
}

/** Throws where the login cannot be used or the state directory cannot be written. */
export const createEngine = async (parts: EngineParts): Promise<Engine> => {
  if (parts.config.ENGINE === 'anthropic-api') return createDirectEngine(parts);
  const { config, env, credentials, log } = parts;
  const stateDir = stateRoot(config.STATE_DIR, env);
  const dirs = await prepareState(config.STATE_DIR, env);
  if (dirs.tmpDir !== undefined)
    log.warn({ dir: dirs.tmpDir }, 'TMPDIR cannot be used; Claude Code has one below STATE_DIR');
  if (credentials.credentialsJson !== undefined) await placeCredentials(dirs.configDir, credentials.credentialsJson);
  return createClaudeEngine({
    childEnv: childEnvironment(env, credentials, dirs),
    stateDir,
    workDir: dirs.workDir,
    ...(config.CLAUDE_PATH !== '' && { executable: config.CLAUDE_PATH }),
    ...(config.MAX_PROCESSES !== 'auto' && { maxProcesses: config.MAX_PROCESSES }),
    maxTurns: config.MAX_CONCURRENCY,
    spares: config.SPARES,
    recycle: config.RECYCLE,
    // Another version may let turns wait for its answer.
    planUsage: config.PLAN_USAGE && config.CLAUDE_PATH === '',
    idleTtlMs: config.IDLE_TTL * 1000,
    suspendTtlMs: config.SUSPEND_TTL * 1000,
    log,
    credentialKind: credentialClass(credentials),
  });
};

/**
 * The whole environment of the child: the allow-list, the one login, and a private home. Only a login that
 * lives in the owner's home (Claude Code's own, or a cloud provider's profile) keeps that home.
 */
export const childEnvironment = (
  env: Environment,
  { kind, env: login }: EngineParts['credentials'],
  { configDir, homeDir, tmpDir }: Pick<PreparedState, 'configDir' | 'homeDir' | 'tmpDir'>,
): Record<string, string> => {
  const ownHome = env['HOME'] ?? homeDir;
  const common = { ...allowedVariables(env), ...(tmpDir !== undefined && { TMPDIR: tmpDir }), ...login };
  switch (kind) {
    case 'existing-login':
      return { ...common, HOME: ownHome };
    case 'bedrock':
    case 'vertex':
    case 'foundry':
      return { ...common, HOME: ownHome, CLAUDE_CONFIG_DIR: configDir };
    case 'oauth-token':
    case 'oauth-creds':
    case 'api-key':
    case 'auth-token':
      return { ...common, HOME: homeDir, CLAUDE_CONFIG_DIR: configDir };
    default:
      return kind satisfies never;
  }
};

const createDirectEngine = ({ env, credentials }: EngineParts): Engine => {
  const baseUrl = env['ANTHROPIC_BASE_URL'];
  return createApiEngine({
    ...(credentials.kind === 'auth-token'
      ? { authToken: credentials.env['ANTHROPIC_AUTH_TOKEN'] ?? '' }
      : { apiKey: credentials.env['ANTHROPIC_API_KEY'] ?? '' }),
    ...(baseUrl && { baseUrl }),
    fetch: createUpstreamFetch(env),
  });
};
