/** The models the demo lists, as `GET /v1/models` shows them: the catalog and those Claude Code names today. */
import { CATALOG } from '../models/catalog.ts';

const NEWER = [
  ['claude-opus-5-5', 'Claude Opus 5.5'],
  ['claude-fable-5-2', 'Claude Fable 5.2'],
  ['claude-sonnet-5-5', 'Claude Sonnet 5.5'],
  ['claude-haiku-5-5', 'Claude Haiku 5.5'],
] as const;

const item = (id: string, displayName: string, createdAt: string) => ({ type: 'model', id, display_name: displayName, created_at: createdAt });

const DEMO_MODELS = [
  ...NEWER.map(([id, displayName]) => item(id, displayName, '2026-10-01T00:00:00Z')),
  ...CATALOG.map(({ id, displayName, createdAt }) => item(id, displayName, createdAt)),
];

/** A page of the list: `limit` (default 20) models behind `after_id`, as https://docs.anthropic.com/en/api/models-list. */
export const modelPage = (query: URLSearchParams): object => {
  const start = DEMO_MODELS.findIndex(({ id }) => id === query.get('after_id')) + 1;
  const data = DEMO_MODELS.slice(start, start + Number(query.get('limit') ?? 20));
  const hasMore = start + data.length < DEMO_MODELS.length;
  return { data, has_more: hasMore, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
};
