/** Questions on the terminal; what is typed as an answer to `secret` is not shown. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

export interface Ask {
  yes(question: string): Promise<boolean>;
  secret(question: string): Promise<string>;
}

export const askTerminal: Ask = {
  yes: async (question) => /^(y(es)?)?$/i.test((await answerTo(`${question} [Y/n] `, process.stdout)).trim()),
  secret: async (question) => {
    process.stdout.write(question);
    const answer = await answerTo('', new Writable({ write: (_chunk, _encoding, done) => done() }));
    process.stdout.write('\n');
    return answer.trim();
  },
};

const answerTo = async (question: string, output: NodeJS.WritableStream): Promise<string> => {
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
};
