/** The answer is the message itself. */
import type { AnswerMessage } from '../../turn/turn.ts';

export const render = (message: AnswerMessage): object => message;
