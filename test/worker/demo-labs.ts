/** Labs with the real server before a demo upstream, closed after each test: `demoLabs()` belongs at the top of a test file. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import { startDemoUpstream, type DemoUpstream } from '../../src/demo/upstream.ts';
import { serverImage, startLab, type Lab, type LabOptions } from './lab.ts';

export interface DemoLabs {
  /** Starts a lab; `image` defaults to the real server. */
  readonly lab: (
    vars?: Readonly<Record<string, string>>,
    image?: LabOptions['image'],
    entry?: LabOptions['entry'],
  ) => Promise<Lab>;
  /** One for all tests of the `describe` that calls it, with the real server. */
  readonly sharedLab: (vars?: Readonly<Record<string, string>>) => () => Lab;
  /** Once the tests run. */
  readonly upstream: () => DemoUpstream;
}

export const demoLabs = (): DemoLabs => {
  let upstream: DemoUpstream | undefined;
  const labs: Lab[] = [];
  beforeAll(async () => {
    upstream = await startDemoUpstream();
  });
  afterEach(async () => {
    await Promise.all(labs.splice(0).map((each) => each.close()));
  });
  afterAll(() => upstream?.close());
  const running = (): DemoUpstream => {
    if (upstream === undefined) throw new Error('the upstream has not started');
    return upstream;
  };
  const started: DemoLabs['lab'] = async (vars = {}, image = serverImage(), entry) => {
    const server = {
      ENGINE: 'anthropic-api',
      ANTHROPIC_API_KEY: 'sk-demo',
      ANTHROPIC_BASE_URL: running().url,
      LOG_LEVEL: 'silent',
    };
    return startLab({
      image,
      ...(entry !== undefined && { entry }),
      vars: { ...server, LIFE_SIGN_AFTER_MS: '50', LIFE_SIGN_EVERY_MS: '100', ...vars },
    });
  };
  const lab: DemoLabs['lab'] = async (...options) => {
    const made = await started(...options);
    labs.push(made);
    return made;
  };
  const sharedLab: DemoLabs['sharedLab'] = (vars) => {
    let shared: Lab | undefined;
    beforeAll(async () => {
      shared = await started(vars);
    });
    afterAll(() => shared?.close());
    return () => {
      if (shared === undefined) throw new Error('the lab has not started');
      return shared;
    };
  };
  return { lab, sharedLab, upstream: running };
};

export const chat = (content: string, more: object = {}) => ({
  model: 'gpt-4o',
  messages: [{ role: 'user', content }],
  ...more,
});
export const messages = (content: string, more: object = {}) => ({ ...chat(content, more), max_tokens: 100 });
