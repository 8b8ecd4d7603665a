/**
 * Models as Ollama lists and describes them. Claude's have no files, so sizes are 0 and digests stand for the names.
 */
import { familyOfAlias } from '../../models/aliases.ts';
import { abilitiesOf, familyOf } from '../../models/catalog.ts';
import type { ListedModel } from '../../models/list.ts';
import { sha256 } from '../../util/sha256.ts';
import { invalid } from '../validate.ts';

/**
 * Clients compare it with the version that a feature of the API came with. Everything that the docs of this one say of
 * the
 * endpoints here is served.
 */
export const API_VERSION = '0.13.3';

/** Ollama's names have a tag behind them, which is this one where nobody writes it. */
const TAG = ':latest';

const bareName = (name: string): string => (name.endsWith(TAG) ? name.slice(0, -TAG.length) : name);

/**
 * Without other vendors' names, which are for clients that know no others, and without efforts, for which there is
 * `think`.
 */
export const renderModels = (models: readonly ListedModel[]): object => ({
  models: models
    .filter(({ id }) => familyOfAlias(id.toLowerCase()) === undefined && !id.endsWith(')'))
    .map(({ id, createdAt, resolvesTo }) => ({
      name: id + TAG,
      model: id + TAG,
      modified_at: createdAt,
      size: 0,
      digest: sha256(id),
      details: detailsOf(resolvesTo),
    })),
});

export const renderModel = ({ id, createdAt, resolvesTo }: ListedModel): object => {
  const { contextTokens } = abilitiesOf(resolvesTo);
  return {
    modelfile: `FROM ${id}`,
    parameters: '',
    template: '',
    license: '',
    details: detailsOf(resolvesTo),
    model_info: {
      'general.architecture': ARCHITECTURE,
      'general.basename': resolvesTo,
      [`${ARCHITECTURE}.context_length`]: contextTokens,
    },
    capabilities: ['completion', 'tools', 'vision', 'thinking'],
    modified_at: createdAt,
  };
};

const ARCHITECTURE = 'claude';

const detailsOf = (resolvesTo: string): object => {
  const family = familyOf(resolvesTo) ?? ARCHITECTURE;
  return {
    parent_model: '',
    format: '',
    family,
    families: [ARCHITECTURE, family],
    parameter_size: '',
    quantization_level: '',
  };
};

/** `name` is the older word for it. */
export const modelAskedFor = (body: unknown): string => {
  const { model, name }: { model?: unknown; name?: unknown } = typeof body === 'object' && body !== null ? body : {};
  const asked = model ?? name;
  if (typeof asked !== 'string' || asked === '') throw invalid('openai', ['model'], 'this field is required.');
  return bareName(asked);
};
