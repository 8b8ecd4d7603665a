/** Questions on the terminal; what is typed as an answer to `secret` is not shown. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { DeployError } from './errors.ts';

/** Each throws `DeployError` when it is left with Ctrl-C or Ctrl-D. */
export interface Ask {
  yes(question: string): Promise<boolean>;
  secret(question: string): Promise<string>;
}

export const askTerminal: Ask = {
  yes: async (question) => /^(y(es)?)?$/i.test((await answerTo(`${question} [Y/n] `, process.stdout)).trim()),
  secret: async (question) => {
    const answer = await answerTo(question, nowhere());
    process.stdout.write('\n');
    return answer.trim();
  },
};

const answerTo = async (question: string, output: NodeJS.WritableStream): Promise<string> => {
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  const left = new Promise<never>((_, reject) => {
    terminal.once('close', () => reject(new DeployError('Nothing was answered, so nothing was done.')));
  });
  // The question comes after the terminal has stopped to show by itself what is typed.
  if (output !== process.stdout) process.stdout.write(question);
  try {
    return await Promise.race([terminal.question(output === process.stdout ? question : ''), left]);
  } finally {
    terminal.close();
    left.catch(() => undefined);
  }
};

const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
