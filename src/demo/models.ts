/** The models the demo lists, as `GET /v1/models` shows them. */
import { CATALOG } from '../models/catalog.ts';

const DEMO_MODELS = CATALOG.map(({ id, displayName, createdAt }) => ({
  type: 'model',
  id,
  display_name: displayName,
  created_at: createdAt,
}));

/**
 * A page of the list: `limit` (default 20) models behind `after_id`, as https://docs.anthropic.com/en/api/models-list.
 */
export const modelPage = (query: URLSearchParams): object => {
  const start = DEMO_MODELS.findIndex(({ id }) => id === query.get('after_id')) + 1;
  const data = DEMO_MODELS.slice(start, start + Number(query.get('limit') ?? 20));
  const hasMore = start + data.length < DEMO_MODELS.length;
  return { data, has_more: hasMore, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
};
