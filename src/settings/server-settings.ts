/** Every setting of the server: type, default and description. The docs are generated from this table. */
import { setting, type SettingsTable, type SettingValues } from './parse-settings.ts';
import {
  days,
  flag,
  list,
  mapping,
  milliseconds,
  oneOf,
  postgresUrl,
  seconds,
  text,
  webAddress,
  whole,
  wholeOrAuto,
} from './setting-types.ts';

export const serverSettings = {
  HOST: setting(text, '127.0.0.1', 'Address to listen on. Anything but loopback needs `PROXY_API_KEY`.'),
  PORT: setting(whole(0, 65_535), '8080', 'Port to listen on; 0 picks a free one and prints it.'),
  PROXY_API_KEY: setting(
    list,
    '',
    'The key that clients must send, or several, comma-separated. Without one any key is accepted.',
  ),
  LOG_LEVEL: setting(
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'How much is logged. The log has one line a request; never prompts, answers or keys.',
  ),
  LOG_FORMAT: setting(
    oneOf('auto', 'json', 'pretty'),
    'auto',
    'JSON lines for programs, or short lines for people, with colours unless `NO_COLOR` is set. `auto` is for people ' +
      'where the log goes to a terminal.',
  ),
  ENGINE: setting(
    oneOf('claude-code', 'anthropic-api'),
    'claude-code',
    'What runs the turns: the Claude Code CLI with your login, or the Anthropic API with an API key.',
  ),

  MODEL_MAP: setting(
    mapping,
    '',
    'Your own model names; they take precedence over the built-in ones: ' +
      '`gpt-4o=claude-opus-4-5-20251101,fast=haiku`, or a JSON object.',
  ),
  MODEL_UNKNOWN: setting(
    oneOf('default', 'reject'),
    'default',
    'How unknown model names are handled: `default` lets Sonnet answer and reports it in `x-proxy-model` and the ' +
      'log; `reject` ' +
      'answers 404.',
  ),
  MODEL_TRACK: setting(
    oneOf('auto', 'pinned', 'latest'),
    'auto',
    'Which model answers names of other vendors. `auto`: the 4.5 models, each until its end, then the newest ' +
      'of the family that the engine reports. `pinned`: the 4.5 models, even after their end. `latest`: the newest.',
  ),

  MAX_CONCURRENCY: setting(whole(1), '16', 'Turns that run at the same time.'),
  QUEUE_LIMIT: setting(whole(0), '100', 'Requests that may wait for a slot. More get a 429 with `Retry-After`.'),
  QUEUE_TIMEOUT_MS: setting(milliseconds(1), '60000', 'How long a request waits for a slot before it gets a 429.'),
  TURN_TIMEOUT_MS: setting(milliseconds(1_000), '900000', 'How long one answer may take once it has its slot.'),
  STALL_ALARM_MS: setting(
    milliseconds(1_000),
    '120000',
    'After this much silence of the engine within a turn the log has a warning.',
  ),
  HEADER_WAIT_MS: setting(
    milliseconds(0),
    '1000',
    'How long the status of a streamed answer waits for the first event. An error in this time is a real HTTP ' +
      'status, later ones are reported in the stream. While the upstream is asked again after an error, it waits ' +
      'up to 15 seconds.',
  ),
  KEEPALIVE_MS: setting(
    milliseconds(100),
    '10000',
    'After this much silence in a stream a keepalive is sent. The first one goes out together with early headers.',
  ),
  TRUSTED_PROXIES: setting(
    list,
    '',
    'Reverse proxies whose `X-Forwarded-For` names the client: addresses, ranges such as `10.0.0.0/8`, ' +
      "`loopback`, `private`. Wrong keys are counted by the client's address.",
  ),
  MAX_CONNECTIONS: setting(
    wholeOrAuto(1),
    'auto',
    'Connections of clients at the same time; `auto` is half of the files that the process may open (`ulimit ' +
      '-n`), at most 10,000. A quarter of them may be without a key; beyond it the oldest such connection is ' +
      'closed for a new one.',
  ),
  MAX_BODY_BYTES: setting(whole(1_024), '33554432', 'Largest request body.'),
  MAX_HELD_BODY_BYTES: setting(
    wholeOrAuto(1_024),
    'auto',
    'Bytes of request bodies that are held at one time, from their arrival to the end of their answers. More wait ' +
      'up to 10 seconds and then get a 503 with `Retry-After`. They need about five times as much memory; `auto` ' +
      'is a 64th of the memory of the machine or container, but room for one body of `MAX_BODY_BYTES`.',
  ),
  PROXY_STRICT: setting(
    flag,
    '0',
    '1 refuses requests with parameters that would be ignored, instead of naming them in `x-proxy-ignored`.',
  ),

  CORS_ORIGINS: setting(
    list,
    '',
    'Origins of web pages that may call this server: `https://app.example`, `vscode-webview://*`, or `*` for all. ' +
      'Others are refused.',
  ),
  ALLOWED_HOSTS: setting(
    list,
    '',
    'Additional `Host` names that a loopback server without a key accepts, such as the name of your reverse proxy.',
  ),

  CLAUDE_PATH: setting(
    text,
    '',
    'Path of an installed Claude Code to use instead of the one in this package. Only the version in this package ' +
      'is tested.',
  ),
  MAX_PROCESSES: setting(
    wholeOrAuto(1),
    'auto',
    'The most Claude Code processes at the same time, about 230 MB each. Each running turn needs one, and any ' +
      'process can serve it. `auto`: as many as `MAX_CONCURRENCY`, at least twice the cores plus four, and no more ' +
      'than memory allows.',
  ),
  SPARES: setting(
    whole(0),
    '1',
    'Idle processes that are kept ready, so that a new conversation does not displace one that may continue. At ' +
      'most twice the cores plus four are started for this.',
  ),
  RECYCLE: setting(
    flag,
    '1',
    '1 lets a process serve one conversation after the other, in about 20 ms. 0 gives each conversation a process ' +
      'of its own, started for it in about 400 ms.',
  ),
  PLAN_USAGE: setting(
    flag,
    '1',
    '1 asks the Claude Code of this package how much of the plan is used, after turns and at most every five ' +
      'minutes. Only with the login of a plan. 0: only what answers tell.',
  ),
  IDLE_TTL: setting(seconds(1), '600', 'Seconds after which unused processes end; two stay.'),
  SUSPEND_TTL: setting(
    seconds(1),
    '600',
    'Seconds that a process waits for the results of its tool calls. After that, results still work: the ' +
      'conversation is loaded into a process again.',
  ),
  DATABASE_URL: setting(
    postgresUrl,
    '',
    'A Postgres database, `postgres://user:password@host:5432/name`: servers that share it share keys, limits, ' +
      'ledger and stored responses. Default: SQLite in `proxy.db` below `STATE_DIR`.',
  ),
  LEDGER_DAYS: setting(
    days(0),
    '90',
    'How long the ledger keeps its row of each request (who, model, tokens, cost, times; never content); 0 keeps all.',
  ),
  LOG_CONTENT: setting(
    flag,
    '0',
    '1 keeps the bodies of requests and answers in the database too, cut after 300,000 characters.',
  ),
  LOG_CONTENT_DAYS: setting(days(1), '7', 'How long `LOG_CONTENT` keeps bodies.'),
  PROXY_ENCRYPTION_KEY: setting(
    text,
    '',
    'Encrypts what clients of the Responses API keep for Claude (`encrypted_content`): any long secret, the same ' +
      'on servers that share clients. Default: a key made once and kept in the database.',
  ),
  RESPONSE_DAYS: setting(days(1), '30', 'How long stored responses of the Responses API can be continued.'),
  RESPONSE_STORE_MB: setting(whole(1), '1024', 'Total size of stored responses. Above it the oldest are deleted.'),
  UPGRADE_NOTICE: setting(
    flag,
    '1',
    'In a terminal, commands tell of a newer version, at most once a day; npm’s registry is asked in the background ' +
      'for that. 0: neither. Never in CI or without a terminal.',
  ),
  ALERT_WEBHOOK: setting(
    webAddress,
    '',
    'An address that is called (POST) when 80 % and 95 % of a window of the plan, of the budget of a key or of its ' +
      'part of a window are used. It counts as a secret.',
  ),
  ALERT_FORMAT: setting(
    oneOf('auto', 'json', 'slack'),
    'auto',
    'What `ALERT_WEBHOOK` gets: all figures as JSON, or Slack\'s `{"text": …}`; `auto` is Slack\'s for addresses of ' +
      'slack.com.',
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(
    webAddress,
    '',
    'An OpenTelemetry collector, `http://127.0.0.1:4318`: it gets one span a request. The other standard `OTEL_*` ' +
      'variables hold as well.',
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: setting(
    oneOf('http/protobuf', 'http/json'),
    'http/protobuf',
    'How spans are sent. A collector takes them over HTTP on port 4318 by default.',
  ),
  STATE_DIR: setting(
    text,
    '',
    'Where the database and the private files of Claude Code are. Default: `$XDG_STATE_HOME` or `~/.local/state`, ' +
      'then `opencode-claude-proxy`.',
  ),
  DRAIN_TIMEOUT_MS: setting(
    milliseconds(0),
    '30000',
    'How long running answers may go on after SIGTERM or SIGINT. What is left then ends with an error. The image ' +
      'has 7000, which fits the 10 seconds of `docker stop`.',
  ),
} as const satisfies SettingsTable;

/** The parsed settings under the names of their variables. */
export type Config = SettingValues<typeof serverSettings>;
