/** The legacy prompt API: https://platform.openai.com/docs/api-reference/completions/create */
import { z } from 'zod';
import { commonRequest } from '../openai-chat/wire.ts';

export const completionRequest = z.looseObject({
  ...commonRequest,
  /** Lists of tokens are accepted here to be refused with a reason. */
  prompt: z.union([z.string(), z.array(z.union([z.string(), z.int(), z.array(z.int())]))]).nullish(),
  suffix: z.string().nullish(),
  echo: z.boolean().nullish(),
  best_of: z.int().min(1).max(20).nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
});

export type CompletionRequest = z.infer<typeof completionRequest>;
