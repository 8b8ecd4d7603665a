/** Conversations that were sent away, in their home's SQLite: they are found again after the home has slept. */
export interface PlacementStore {
  get(conversation: string): string | undefined;
  put(conversation: string, name: string): void;
  forget(conversation: string): void;
}

/** How long a conversation that is silent stays with the instance it was sent to. */
const STAY_MS = 60 * 60_000;
/** A row is written at most this often per conversation: writes are billed. */
const TOUCH_MS = 5 * 60_000;

export const createPlacementStore = (sql: SqlStorage, now: () => number): PlacementStore => {
  sql.exec(
    'CREATE TABLE IF NOT EXISTS places (conversation TEXT PRIMARY KEY, instance TEXT NOT NULL, until INTEGER NOT NULL)',
  );
  const write = (conversation: string, instance: string): void => {
    sql.exec('DELETE FROM places WHERE until < ?', now());
    sql.exec('INSERT OR REPLACE INTO places VALUES (?, ?, ?)', conversation, instance, now() + STAY_MS);
  };
  return {
    get: (conversation) => {
      const [row] = sql
        .exec<{ instance: string; until: number }>(
          'SELECT instance, until FROM places WHERE conversation = ?',
          conversation,
        )
        .toArray();
      if (row === undefined || row.until < now()) return undefined;
      if (row.until - now() < STAY_MS - TOUCH_MS) write(conversation, row.instance);
      return row.instance;
    },
    put: write,
    forget: (conversation) => void sql.exec('DELETE FROM places WHERE conversation = ?', conversation),
  };
};
