/** The cases as tests of vitest. */
import { describe, expect, it } from 'vitest';
import type { Connect } from '../../src/store/database/database.ts';
import { allCases } from './cases.ts';
import { createLab } from './lab.ts';

/** `fresh`: a way to a database of its own. */
export const storeSuite = (name: string, fresh: () => Promise<Connect>): void => {
  describe(name, () => {
    for (const [subject, cases] of Object.entries(allCases)) {
      describe(subject, () => {
        it.each(Object.entries(cases))('%s', async (_, run) => {
          const lab = createLab(await fresh(), (actual, expected) => expect(actual).toEqual(expected));
          try {
            await run(lab);
          } finally {
            await lab.close();
          }
        });
      });
    }
  });
};
