/** What a program has said, for people and for us. */
import { stripVTControlCharacters } from 'node:util';
import { DeployError } from './errors.ts';
import type { Ran } from './programs.ts';

/** Without colours; standard output only where the other has nothing. */
export const outputOf = ({ stdout, stderr }: Ran): string => stripVTControlCharacters(stderr.trim() || stdout.trim());

/** Throws `DeployError` where the output is not JSON: another version of the program, or a notice in between. */
export const parseOutput = <T>(command: string, ran: Ran): T => {
  try {
    return JSON.parse(ran.stdout) as T;
  } catch {
    throw new DeployError(`${command} did not print JSON but:\n${outputOf({ ...ran, stderr: '' })}`);
  }
};
