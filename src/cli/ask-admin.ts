/** `/admin` of a running server, asked with an admin's key; what comes back is checked. */
import { z } from 'zod';
import { CliError } from './cli-error.ts';
import { askServer, type ServerAddress } from './running-server.ts';

export interface AdminRequest<Schema> {
  /** What the server answers with. */
  readonly answer: Schema;
  readonly method?: string;
  readonly body?: object;
}

const failure = z.looseObject({ error: z.looseObject({ message: z.string() }) });

/** Throws `CliError` with the server's own message where it refuses. */
export const askAdmin = async <Schema extends z.ZodType>(
  address: ServerAddress,
  path: string,
  { answer: schema, method = 'GET', body }: AdminRequest<Schema>,
): Promise<z.output<Schema>> => {
  const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const reply = await askServer(address, path, init);
  if (reply.status >= 400) {
    const answer = failure.safeParse(reply.body);
    throw new CliError(answer.success ? answer.data.error.message : `The server answered with status ${reply.status}.`);
  }
  const answer = schema.safeParse(reply.body);
  if (!answer.success)
    throw new CliError(`What answers at ${address.url} is not this server, or another version of it.`);
  return answer.data;
};
