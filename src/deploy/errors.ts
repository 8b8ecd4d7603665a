/** What keeps the deployment from going on, in words that say what to do. */
export class DeployError extends Error {
  override readonly name: string = 'DeployError';
  /** Of the script. */
  readonly exitCode: 1 | 3 = 1;
}

/** Everything is deployed, and it does not serve, or not yet. */
export class NotServingError extends DeployError {
  override readonly name = 'NotServingError';
  override readonly exitCode = 3;
}
