/** Sampling parameters, as the model takes them. */
import type { Abilities } from '../../models/model.ts';
import type { Report } from '../parameters.ts';

export interface Sampling {
  readonly temperature?: number;
  readonly top_p?: number;
}

interface Asked {
  /** 0 to 2, as OpenAI counts; the API takes 0 to 1. */
  readonly temperature: number | null | undefined;
  readonly topP: number | null | undefined;
  readonly abilities: Abilities;
  /** With thinking on, the API refuses any temperature but its default, and top_p below 0.95. */
  readonly thinking: boolean;
}

/** Temperature takes precedence where a model takes only one of the two. */
export const parseSampling = ({ temperature, topP, abilities, thinking }: Asked, report: Report): Sampling => {
  const out: { temperature?: number; top_p?: number } = {};
  if (typeof temperature === 'number' && report.applies('temperature')) {
    if (thinking) report.ignore('temperature');
    else out.temperature = temperature / 2;
  }
  // 1 restricts nothing; some clients always send it.
  if (typeof topP === 'number' && topP !== 1 && report.applies('top_p')) {
    const refused = (thinking && topP < 0.95) || (abilities.sampling === 'one' && out.temperature !== undefined);
    if (refused) report.ignore('top_p');
    else out.top_p = topP;
  }
  return out;
};
