/**
 * The tables as TypeScript sees them; `migrations.ts` makes them. Every type fits SQLite and Postgres alike: times are
 * milliseconds since the Unix epoch, flags are 0 or 1, JSON is text. Names begin with `proxy_`, because a Postgres
 * database may hold other things too.
 */
export interface Schema {
  readonly proxy_schema_versions: { version: number; applied_at: number };
  readonly proxy_keys: KeysTable;
  readonly proxy_requests: RequestsTable;
  readonly proxy_contents: ContentsTable;
  readonly proxy_values: ValuesTable;
  readonly proxy_claims: { id: string; at: number };
  readonly proxy_responses: ResponsesTable;
}

export interface KeysTable {
  id: string;
  name: string;
  /** SHA-256 of the key, in hex. The key itself is stored nowhere. */
  hash: string;
  /** The last characters of the key, by which its owner knows it again. */
  hint: string;
  role: string;
  limits: string;
  aliases: string;
  /** A JSON list of model names, or the JSON `null`, which allows all. */
  allowed_models: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
}

/** One row a request. */
export interface RequestsTable {
  id: string;
  at: number;
  endpoint: string;
  dialect: string | null;
  key_id: string | null;
  key_name: string | null;
  client: string | null;
  user_agent: string | null;
  session: string | null;
  model_asked: string | null;
  model: string | null;
  status: number;
  error_code: string | null;
  error_param: string | null;
  error_message: string | null;
  input_tokens: number;
  output_tokens: number;
  cache_read_tokens: number;
  cache_write_5m_tokens: number;
  cache_write_1h_tokens: number;
  thinking_tokens: number;
  web_searches: number;
  /** Null: nobody knows. */
  cost_usd: number | null;
  cost_basis: string;
  queue_ms: number;
  first_token_ms: number | null;
  duration_ms: number;
  strategy: string | null;
  stop_reason: string | null;
  streamed: number;
  retries: number;
  /** Names with commas between them. */
  ignored: string | null;
  emulated: string | null;
}

/** Bodies of requests, kept only where LOG_CONTENT says so. */
export interface ContentsTable {
  request_id: string;
  at: number;
  request: string | null;
  response: string | null;
}

/** Values that several servers change; see `shared-value.ts`. */
export interface ValuesTable {
  id: string;
  version: number;
  value: string;
  updated_at: number;
}

/** Stored answers of the Responses API. */
export interface ResponsesTable {
  id: string;
  owner: string;
  previous_id: string | null;
  created_at: number;
  expires_at: number;
  bytes: number;
  response: string;
  input_items: string;
}
