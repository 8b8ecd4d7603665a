/** A final assistant message, which the answer continues: whether model and engine support it. */
import type { Abilities } from '../models/model.ts';
import type { ParseContext } from './dialect.ts';

/** Why the answer cannot continue the assistant's message; undefined where it can. */
export const prefillRefusal = (
  { abilities, name }: ParseContext['engine'],
  model: Pick<Abilities, 'prefill'>,
): string | undefined => {
  const must = 'The conversation must end with a user message.';
  // The API's own message.
  if (!model.prefill) return `This model does not support assistant message prefill. ${must}`;
  if (abilities.prefill) return undefined;
  return (
    `The engine ${name} of this server cannot continue an assistant message (prefill), although the model ` +
    `can. ${must}`
  );
};
