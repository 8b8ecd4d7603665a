import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** One line of the file: a test file that has begun, or one that has ended and what came of its tests. */
export type Progress =
  | { readonly file: string; readonly state: 'began' }
  | { readonly file: string; readonly state: 'ended'; readonly passed: number; readonly failed: number };

/** A reporter of vitest that writes each line at once to the file that `TEST_PROGRESS` names, so that a run which is ended from outside has said how far it came. */
export default class TestProgress implements Reporter {
  onTestModuleQueued(module: TestModule): void {
    this.#write({ file: module.relativeModuleId, state: 'began' });
  }

  onTestModuleEnd(module: TestModule): void {
    const states = [...module.children.allTests()].map((test) => test.result().state);
    const count = (state: string) => states.filter((each) => each === state).length;
    const failed = count('failed');
    // A file that does not load, or whose hooks fail, may have no test that failed.
    const broken = module.state() === 'failed' && failed === 0 ? 1 : 0;
    this.#write({ file: module.relativeModuleId, state: 'ended', passed: count('passed'), failed: failed + broken });
  }

  #write(line: Progress): void {
    appendFileSync(process.env.TEST_PROGRESS as string, `${JSON.stringify(line)}\n`);
  }
}
