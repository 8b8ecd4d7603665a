import { expect, it } from 'vitest';
import { noteIgnored } from '../../src/http/request/ignored-notice.ts';
import { summary } from '../store/summaries.ts';

const setUp = () => {
  const said: object[] = [];
  return { said, listener: noteIgnored({ info: (fields) => void said.push(fields) }) };
};

it('a parameter without effect is told once for each client and API', () => {
  const { said, listener } = setUp();
  const of = (client: string, ignored: readonly string[]) => summary({ id: 'r', client: { name: client }, ignored });
  listener(of('codex', ['seed']));
  listener(of('codex', ['seed']));
  listener(of('codex', ['seed', 'logit_bias']));
  listener(of('opencode', ['seed']));
  listener({ ...of('opencode', ['seed']), dialect: 'ollama' });
  listener(summary({}));
  expect(said).toMatchObject([
    { client: 'codex', parameters: ['seed'] },
    { client: 'codex', parameters: ['logit_bias'] },
    { client: 'opencode', parameters: ['seed'] },
    { dialect: 'ollama', parameters: ['seed'] },
  ]);
});

it('clients that invent names do not fill the memory', () => {
  const { said, listener } = setUp();
  for (let count = 0; count < 1_100; count += 1)
    listener(summary({ client: { name: `c${count}` }, ignored: ['seed'] }));
  expect(said).toHaveLength(1_000);
});
