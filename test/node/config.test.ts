import { describe, expect, it } from 'vitest';
import { parseConfig, type Environment } from '../../src/node/config.ts';
import { settingRows } from '../../src/settings/parse-settings.ts';
import { serverSettings } from '../../src/settings/server-settings.ts';
import { workerSettings } from '../../src/settings/worker-settings.ts';

const parsed = (env: Environment) => {
  const result = parseConfig(env);
  if (!result.ok) throw new Error(result.problems.join('\n'));
  return result.config;
};

const problems = (env: Environment) => {
  const result = parseConfig(env);
  return result.ok ? [] : result.problems;
};

describe('settings', () => {
  it('have defaults that are valid', () => {
    expect(parsed({})).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 8080,
      PROXY_API_KEY: [],
      ENGINE: 'claude-code',
      MODEL_MAP: {},
      MAX_PROCESSES: 'auto',
      PROXY_STRICT: false,
      TURN_TIMEOUT_MS: 900_000,
    });
  });

  it('are frozen', () => expect(Object.isFrozen(parsed({}))).toBe(true));

  it('take empty for unset', () =>
    expect(parsed({ PORT: '', LOG_LEVEL: '  ' })).toMatchObject({ PORT: 8080, LOG_LEVEL: 'info' }));

  it.each<[Environment, object]>([
    [{ PORT: '0' }, { PORT: 0 }],
    [{ PROXY_API_KEY: ' one, two ,,' }, { PROXY_API_KEY: ['one', 'two'] }],
    [{ PROXY_STRICT: 'TRUE' }, { PROXY_STRICT: true }],
    [{ MODEL_MAP: 'gpt-4o=opus, fast = haiku' }, { MODEL_MAP: { 'gpt-4o': 'opus', fast: 'haiku' } }],
    [{ MODEL_MAP: '{"gpt-4o":"opus"}' }, { MODEL_MAP: { 'gpt-4o': 'opus' } }],
    [{ MAX_PROCESSES: '3' }, { MAX_PROCESSES: 3 }],
    [{ HOST: '0.0.0.0', PROXY_API_KEY: 'k' }, { HOST: '0.0.0.0' }],
    [{ HOST: '::1' }, { HOST: '::1' }],
    [{ CORS_ORIGINS: 'https://a.example,*' }, { CORS_ORIGINS: ['https://a.example', '*'] }],
  ])('%j are read', (env, expected) => expect(parsed(env)).toMatchObject(expected));

  it.each<[Environment, string]>([
    [{ PORT: 'eighty' }, 'PORT must be a whole number.'],
    [{ PORT: '70000' }, 'PORT must be at most 65535.'],
    [{ MAX_CONCURRENCY: '0' }, 'MAX_CONCURRENCY must be at least 1.'],
    [{ ENGINE: 'gpt' }, 'ENGINE must be one of claude-code, anthropic-api.'],
    [{ PROXY_STRICT: 'maybe' }, 'PROXY_STRICT must be 1 or 0.'],
    [
      { DATABASE_URL: 'mysql://root@localhost/x' },
      'DATABASE_URL must look like postgres://user:password@host:5432/name.',
    ],
    [{ MODEL_MAP: 'gpt-4o' }, 'MODEL_MAP must be name=model,name=model or a JSON object of strings.'],
    [{ MODEL_MAP: '{"a":1}' }, 'MODEL_MAP must be name=model,name=model or a JSON object of strings.'],
    [{ ANTHROPIC_BASE_URL: 'hush' }, 'ANTHROPIC_BASE_URL must be an http or https address.'],
    [
      { ANTHROPIC_BASE_URL: 'https://me:hush@gateway.example' },
      'ANTHROPIC_BASE_URL must not hold a user name or a password: set ANTHROPIC_AUTH_TOKEN for a gateway that asks for a token.',
    ],
    [{ MAX_PROCESSES: 'many' }, 'MAX_PROCESSES must be auto or a whole number of at least 1.'],
    [
      { HOST: '0.0.0.0' },
      'HOST is an address that others can reach: set PROXY_API_KEY too, or everybody there spends your money.',
    ],
    [
      { HOST: '192.168.1.2', PROXY_API_KEY: ' , ' },
      'HOST is an address that others can reach: set PROXY_API_KEY too, or everybody there spends your money.',
    ],
  ])('%j is a problem', (env, problem) => expect(problems(env)).toEqual([problem]));

  it('report all problems at once', () =>
    expect(problems({ PORT: 'x', ENGINE: 'x', HOST: '0.0.0.0' })).toHaveLength(3));

  it('never repeat a value that could be a secret', () => {
    expect(
      problems({
        PROXY_API_KEY: 'hush-hush',
        MODEL_MAP: 'hush-hush',
        PORT: 'hush-hush',
        DATABASE_URL: 'hush-hush',
      }).join(),
    ).not.toContain('hush');
  });

  it('each have a meaning', () => {
    for (const { name, meaning } of [...settingRows(serverSettings), ...settingRows(workerSettings)])
      expect(`${name}: ${meaning}`).toMatch(/^[A-Z_]+: .{20,}\.$/s);
  });
});
