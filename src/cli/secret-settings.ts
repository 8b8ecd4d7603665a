/** Settings whose values are secrets: no flags, since others on the machine can read arguments, and never shown. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set([
  'PROXY_API_KEY',
  'PROXY_ENCRYPTION_KEY',
  'DATABASE_URL',
  'ALERT_WEBHOOK',
]);
