/** What keeps the deployment from going on, in words that say what to do. */
export class DeployError extends Error {
  override readonly name = 'DeployError';
}
