/** The models the demo lists, as `GET /v1/models` shows them: the catalog and those Claude Code names today. */
import { CATALOG } from '../models/catalog.ts';

const NEWER = [
  ['claude-opus-5-5', 'Claude Opus 5.5'],
  ['claude-fable-5-2', 'Claude Fable 5.2'],
  ['claude-sonnet-5-5', 'Claude Sonnet 5.5'],
  ['claude-haiku-5-5', 'Claude Haiku 5.5'],
] as const;

const item = (id: string, displayName: string, createdAt: string) => ({ type: 'model', id, display_name: displayName, created_at: createdAt });

export const DEMO_MODELS = [
  ...NEWER.map(([id, displayName]) => item(id, displayName, '2026-10-01T00:00:00Z')),
  ...CATALOG.map(({ id, displayName, createdAt }) => item(id, displayName, createdAt)),
];
