/** 10,000 bodies, bent out of shape: each is parsed, or refused by a TurnError of the caller's fault. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anthropicMessages } from '../../src/dialects/anthropic-messages/index.ts';
import { parseCountTokens } from '../../src/dialects/anthropic-messages/parse.ts';
import type { ParseContext } from '../../src/dialects/dialect.ts';
import { openAiChat } from '../../src/dialects/openai-chat/index.ts';
import { openAiCompletions } from '../../src/dialects/openai-completions/index.ts';
import { openAiResponses } from '../../src/dialects/openai-responses/index.ts';
import { responsesParameters } from '../../src/dialects/openai-responses/parameters.ts';
import { messagesParameters } from '../../src/dialects/anthropic-messages/parameters.ts';
import { chatParameters } from '../../src/dialects/openai-chat/parameters.ts';
import { completionParameters } from '../../src/dialects/openai-completions/parameters.ts';
import type { Parameter } from '../../src/dialects/parameters.ts';
import { statusOf, TurnError } from '../../src/turn/errors.ts';
import {
  ollamaChat as ollamaChatDialect,
  ollamaGenerate as ollamaGenerateDialect,
} from '../../src/dialects/ollama/index.ts';
import * as ollamaParameters from '../../src/dialects/ollama/parameters.ts';
import { claudeBody, gptBody } from '../fixtures/cursor.ts';
import {
  bent,
  changes,
  chat,
  completion,
  legacy,
  messages,
  ollamaChat,
  ollamaGenerate,
  responses,
} from './mutations.ts';
import { adaptiveModel, contextOf } from './support.ts';

const contexts: readonly ParseContext[] = [
  contextOf(),
  contextOf({ engine: 'anthropic-api', via: 'unknown' }),
  contextOf({ base: adaptiveModel, via: 'alias' }),
];

/** A report may only say what the table of the documentation says. */
const allowed = (table: readonly Parameter[], fate: 'ignored' | 'emulated') =>
  new Set(
    table.filter((row) => row.fate === fate || row.cases?.some((one) => one.fate === fate)).map(({ name }) => name),
  );

/** How Zod writes. */
const LIBRARY_WORDS =
  /Invalid (?:input|option|key|string)|Too (?:big|small)|[<>]=|expected (?:string|number|int|object|array|record|boolean)\b/iu;

/** Options are told by their names, also those that no table knows. */
const isNewOption = (name: string, table: readonly Parameter[]): boolean =>
  name.startsWith('options.') && !table.some((row) => row.name === name);

const suites = [
  [
    'ollama chat',
    2000,
    [ollamaChat],
    (body: unknown, context: ParseContext) => ollamaChatDialect.parse(body, context),
    ollamaParameters.chatParameters,
  ],
  [
    'ollama generate',
    1000,
    [ollamaGenerate],
    (body: unknown, context: ParseContext) => ollamaGenerateDialect.parse(body, context),
    ollamaParameters.generateParameters,
  ],
  [
    'chat',
    5000,
    [chat, legacy, claudeBody('u'), gptBody('u')],
    (body: unknown, context: ParseContext) => openAiChat.parse(body, context),
    [...chatParameters, ...responsesParameters],
  ],
  [
    'completions',
    1000,
    [completion],
    (body: unknown, context: ParseContext) => openAiCompletions.parse(body, context),
    completionParameters,
  ],
  [
    'responses',
    3000,
    [responses],
    (body: unknown, context: ParseContext) => openAiResponses.parse(body, context),
    responsesParameters,
  ],
  [
    'messages',
    3000,
    [messages],
    (body: unknown, context: ParseContext) => anthropicMessages.parse(body, context),
    messagesParameters,
  ],
  [
    'count_tokens',
    1000,
    [messages],
    (body: unknown, context: ParseContext) => parseCountTokens(body, context),
    messagesParameters,
  ],
] as const;

test.each(suites)('%s: %i bodies', (_, numRuns, seeds, parse, table) => {
  const [ignorable, emulable] = [allowed(table, 'ignored'), allowed(table, 'emulated')];
  const topLevel = new Set(table.map(({ name }) => name.split(/[.[]/u)[0]));
  let parsed = 0;
  for (const seed of seeds) expect(() => parse(seed, contextOf())).not.toThrow();
  fc.assert(
    fc.property(fc.constantFrom<object>(...seeds), changes, fc.constantFrom(...contexts), (seed, all, context) => {
      try {
        const { request, report } = parse(bent(seed, all), context);
        JSON.stringify(request);
        parsed += 1;
        expect(request).toMatchObject({ model: 'claude-test-1', max_tokens: expect.any(Number) });
        expect(
          report.ignored
            .map((name) => name.replace(/^tools\[\d+\]$/u, 'tools'))
            .filter((name) => !isNewOption(name, table))
            .filter((name) => topLevel.has(name.split(/[.[]/u)[0] ?? '') && !ignorable.has(name)),
        ).toEqual([]);
        expect(report.emulated.filter((name) => !emulable.has(name))).toEqual([]);
      } catch (error) {
        if (!(error instanceof TurnError)) throw error;
        const status = statusOf(error);
        expect(status >= 400 && status < 500).toBe(true);
        // What the body had may be anything.
        expect(error.message.replace(/received ".*/su, '')).not.toMatch(LIBRARY_WORDS);
      }
    }),
    { numRuns },
  );
  expect(parsed).toBeGreaterThan(numRuns / 20);
});
