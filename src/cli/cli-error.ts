/** A command that failed for a reason the user can do something about. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  /** `exitCode`: 1 it failed, 2 the command line cannot be read, 3 no server answers. */
  constructor(message: string, exitCode: 1 | 2 | 3 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
