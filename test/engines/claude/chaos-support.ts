/** Clients that talk on while things go wrong, and notice when an answer is not theirs. Seeded: CHAOS_SEED=… runs the same choices. */
import { expect } from 'vitest';
import type { Message, Tool, Turn } from '../../../src/turn/turn.ts';
import { goOn, resultsOf } from './ends-support.ts';
import { turnOf, type Ran } from './support.ts';

export type Random = () => number;

/** mulberry32: numbers from 0 to 1, the same for the same seed. */
export const randomFrom = (seed: number): Random => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

export const seed = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** The full count with CHAOS=full, else a smaller one, so that the ordinary tests stay short. */
export const countOf = (full: number, short = Math.ceil(full / 10)): number =>
  process.env['CHAOS'] === 'full' ? full : short;

const read: Tool = { name: 'read', description: 'Reads', input_schema: { type: 'object' } };
const MARKER = /client-\d+-talk-\d+/g;
export const markersIn = (value: unknown): string[] => [...new Set(JSON.stringify(value).match(MARKER))];

/** Asks until there is an answer; decides what goes wrong meanwhile. */
export type Ask = (turn: Turn) => Promise<Ran>;

export interface Client {
  readonly index: number;
  readonly random: Random;
  readonly ask: Ask;
  /** Looked at between turns. */
  readonly enough: () => boolean;
}

/** Conversations of some turns, one after the other, each with a marker of its own; returns how many steps were answered. */
export const talk = async ({ index, random, ask, enough }: Client): Promise<number> => {
  let steps = 0;
  for (let number = 0; !enough(); number += 1) {
    const marker = `client-${index}-talk-${number}`;
    const system = `You are agent ${index % 3}.`;
    let messages: Message[] = [];
    const step = async (): Promise<Ran> => {
      const ran = await ask(turnOf({ system, messages, tools: [read] }, `owner ${index % 2}`));
      expect(markersIn(ran.message.content), 'an answer is for its own client').toEqual([marker]);
      steps += 1;
      return ran;
    };
    const turns = 1 + Math.floor(random() * 5);
    for (let turn = 1; turn <= turns && !enough(); turn += 1) {
      const said = `${marker} turn ${turn}.`;
      const calls = random() < 0.4 ? ` [[tool:read {"of":"${said}"}]] [[tool:read {"of":"${marker}"}]] [[then]]` : '';
      messages = [...messages, { role: 'user', content: `${said} [[slow:${Math.floor(random() * 20)}]]${calls}` }];
      let ran = await step();
      if (ran.calls.length > 0) {
        messages = goOn(messages, ran, resultsOf(ran, `result for ${said}`));
        ran = await step();
      }
      expect(ran.text).toContain(said);
      messages = [...messages, { role: 'assistant', content: ran.message.content }];
    }
  }
  return steps;
};
