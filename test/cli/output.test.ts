import { expect, it } from 'vitest';
import { columns } from '../../src/cli/output.ts';

it('colours take no room in columns', () => {
  const bold = (text: string): string => `\u001B[1m${text}\u001B[22m`;
  expect(
    columns([
      [bold('name'), bold('n')],
      ['a long one', '1'],
    ]),
  ).toBe(`${bold('name')}        ${bold('n')}\na long one  1`);
});
