/**
 * Models as Ollama lists and describes them. Claude's have no files, so sizes are 0 and digests stand for the names.
 */
import { familyOfAlias } from '../../models/aliases.ts';
import { abilitiesOf, familyOf } from '../../models/catalog.ts';
import type { ListedModel } from '../../models/list.ts';
import { sha256 } from '../../util/sha256.ts';
import { modelRequest } from './wire.ts';
import { invalid } from '../validate.ts';

/**
 * Clients compare it with the version that introduced a feature. Every endpoint of this version's documentation that is
 * listed here is served.
 */
export const API_VERSION = '0.13.3';

/** Ollama's model names have a tag; this is the default one. */
const TAG = ':latest';

const bareName = (name: string): string => (name.endsWith(TAG) ? name.slice(0, -TAG.length) : name);

/**
 * Without names of other vendors, which are for clients with fixed names, and without efforts, for which there is
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

export const modelAskedFor = (body: unknown): string => {
  const { model, name } = modelRequest.safeParse(body).data ?? {};
  const asked = model ?? name;
  if (asked === undefined) throw invalid('openai', ['model'], 'this field is required.');
  return bareName(asked);
};
