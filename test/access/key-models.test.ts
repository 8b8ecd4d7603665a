import { describe, expect, it } from 'vitest';
import { modelRefusal, ownName } from '../../src/access/key-models.ts';

describe('ownName', () => {
  const aliases = { fast: 'haiku', 'gpt-*': 'sonnet', 'gpt-5*': 'opus', 'GPT-5-mini': 'haiku' };

  it.each([
    ['fast', 'haiku'],
    [' FAST ', 'haiku'],
    ['gpt-4o', 'sonnet'],
    ['gpt-5', 'opus'],
    ['gpt-5-mini', 'haiku'],
    ['opus', 'opus'],
    ['constructor', 'constructor'],
  ])('%s is %s', (asked, name) => {
    expect(ownName({ aliases }, asked)).toBe(name);
  });
});

describe('modelRefusal', () => {
  const model = (id: string, family: 'opus' | 'sonnet' | 'haiku', requested = id) => ({ id, family, requested });
  const haiku = model('claude-haiku-5-5', 'haiku');

  it.each<[string, readonly string[] | undefined, ReturnType<typeof model>, boolean]>([
    ['no list', undefined, haiku, true],
    ['its id', ['claude-haiku-5-5'], haiku, true],
    ['its id in capitals', ['Claude-Haiku-5-5'], haiku, true],
    ['its family', ['haiku'], haiku, true],
    ['the beginning of its id', ['claude-haiku-*'], haiku, true],
    ['everything', ['*'], haiku, true],
    ['another id', ['claude-haiku-4-5'], haiku, false],
    ['another family', ['sonnet', 'opus'], haiku, false],
    ['the name that was asked for, not the model', ['gpt-4o'], model('claude-opus-5-5', 'opus', 'gpt-4o'), false],
  ])('%s', (_, allowedModels, resolved, allowed) => {
    const refusal = modelRefusal({ allowedModels }, resolved);
    expect(refusal === undefined).toBe(allowed);
    if (!allowed) expect(refusal).toMatchObject({ code: 'forbidden', param: 'model' });
  });
});
