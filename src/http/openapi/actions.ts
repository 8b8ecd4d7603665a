/** What each action of the table of routes does, in words for the OpenAPI document. */
import { z } from 'zod';
import type { DashboardAction } from '../dashboard/routes.ts';
import type { Action } from '../routes.ts';

export interface ActionDescription {
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  /** Of the answer; `turn` is JSON or a stream, as the caller asks. */
  readonly answer?: 'json' | 'turn' | 'text' | 'css' | 'page';
  readonly status?: '200' | '201' | '302';
}

const ADMIN: Pick<Record<Action, ActionDescription>, Extract<Action, `admin-${string}`>> = {
  'admin-keys': { summary: 'Named keys, with what each has used of its limits' },
  'admin-create-key': { summary: 'Make a key', description: 'The answer shows its secret this once.', status: '201' },
  'admin-key': { summary: 'One key, with what it has used of its limits' },
  'admin-change-key': { summary: 'Change a key', description: 'What is left out stays. It acts at once.' },
  'admin-revoke-key': { summary: 'Revoke a key', description: 'It acts at once and cannot be undone.' },
  'admin-usage': {
    summary: 'Tokens and cost of a time',
    description: '`by` is a list with commas: key, model, client, dialect, session, errorCode, strategy.',
  },
  'admin-sessions': { summary: 'Usage by session of a client' },
  'admin-blocks': { summary: 'Usage by windows of five hours' },
  'admin-requests': { summary: 'Requests, newest first', description: '`cursor` is `next` of the page before.' },
  'admin-request': { summary: 'One request in full' },
  'admin-limits': { summary: "Windows of the account's plan with their pace, and limits of keys" },
  'admin-models': { summary: 'Models and aliases' },
  'admin-turns': { summary: 'Turns that run now' },
  'admin-cancel-turn': { summary: 'End a turn that runs' },
  'admin-processes': { summary: 'Claude Code processes and what they hold' },
  'admin-health': { summary: 'The state of the server, with what to do about problems' },
};

const storedQuery = z.object({ include: z.string().optional(), stream: z.enum(['true', 'false']).optional() });
const inputQuery = z.object({
  after: z.string().optional(),
  limit: z.string().optional(),
  order: z.enum(['asc', 'desc']).optional(),
  include: z.string().optional(),
});

const ACTIONS: Readonly<Record<Exclude<Action, DashboardAction>, ActionDescription>> = {
  index: { summary: 'Who is here', description: 'A browser is led to the dashboard.' },
  ping: { summary: 'Whether the server answers' },
  live: { summary: 'Whether the server answers, for orchestrators' },
  ready: { summary: 'Whether requests may be sent to it', description: '503 where they may not.' },
  health: { summary: 'The state of the server', description: 'In full with a key; 503 where it is not `ok`.' },
  metrics: { summary: 'Figures for Prometheus', answer: 'text' },
  openapi: { summary: 'This document' },
  'api-docs': { summary: 'This document as a page', answer: 'page' },
  'api-docs-style': { summary: 'The stylesheet of that page', answer: 'css' },
  turn: { summary: 'Ask the model', answer: 'turn' },
  count: { summary: 'Count the tokens of a request' },
  models: { summary: 'Models and aliases that the key may ask for' },
  model: { summary: 'One model' },
  'stored-response': { summary: 'A stored response', query: storedQuery },
  'stored-input': { summary: 'The input of a stored response', query: inputQuery },
  'remove-stored': { summary: 'Delete a stored response' },
  cancel: { summary: 'End an answer that is under way' },
  'api-version': { summary: "The version of Ollama's API that is spoken" },
  'model-details': { summary: 'One model in detail' },
  'running-models': { summary: 'Models in memory: none, they run elsewhere' },
  'pull-model': { summary: 'Fetch a model: those that answer are there already' },
  ...ADMIN,
};

export const describeAction = (action: Action): ActionDescription =>
  isDashboard(action) ? { summary: 'The dashboard, for browsers', answer: 'page' } : ACTIONS[action];

const isDashboard = (action: Action): action is DashboardAction => action.startsWith('dashboard-');
