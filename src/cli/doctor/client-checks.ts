/** `doctor --client`: whether a client's own configuration leads to a server that answers it. */
import { CATALOG } from '../../models/catalog.ts';
import { nearEnd } from '../../models/ends.ts';
import { mergeEntries, type MergeChange } from '../connect/merge/merge.ts';
import { MergeError } from '../connect/merge/editable-text.ts';
import { readText } from '../connect/change-file.ts';
import type { Client, Machine, Target, Variant } from '../connect/client.ts';
import { foundBy, pathOf, shortPath } from '../connect/machine.ts';
import { NOTICE_DAYS } from './model-checks.ts';
import { note, ok, problem, warning, type Finding } from './finding.ts';

export interface ClientQuestion {
  readonly client: Client;
  readonly target: Target;
  readonly machine: Machine;
}

export const checkClient = async (question: ClientQuestion): Promise<readonly Finding[]> => {
  const { client, target, machine } = question;
  const found = foundBy(client, machine);
  const installed =
    found === undefined
      ? note('client', `${client.name} was not found on this machine.`)
      : ok('client', `${client.name} is installed: ${shortPath(found, machine)}`);
  const settings = await checkConfiguration(question);
  return [installed, ...settings, ...checkKey(target, machine), ...(await checkServer(target, machine))];
};

/** The variant that the client's file is nearest to decides; without any file, its variables do. */
const checkConfiguration = async ({ client, target, machine }: ClientQuestion): Promise<readonly Finding[]> => {
  const variants = client.variants(target);
  const results = await Promise.all(variants.map((variant) => checkFile(client, variant, machine)));
  const complete = results.filter((each) => each !== undefined).toSorted((a, b) => a.weight - b.weight);
  const environment = variants.flatMap((variant) => checkVariables(client, variant, machine) ?? []);
  const [best] = complete;
  // Variables that are set count more than a file that is not there.
  if (best !== undefined && !(best.absent && environment.length > 0)) return best.findings;
  if (environment.length > 0) return environment;
  const byHand = `opencode-claude-proxy connect ${client.id}`;
  return [note('client-settings', `${client.name} keeps its settings where they cannot be read from here.`, byHand)];
};

interface FileResult {
  readonly findings: readonly Finding[];
  /** How far it is from what it should be: the number of things that are off. */
  readonly weight: number;
  readonly absent: boolean;
}

const checkFile = async (client: Client, { id, file }: Variant, machine: Machine): Promise<FileResult | undefined> => {
  if (file === undefined) return undefined;
  const path = pathOf(file, machine);
  const shown = shortPath(path, machine);
  const remedy = `opencode-claude-proxy connect ${client.id} --variant ${id} --write`;
  const text = await readText(path);
  if (text === undefined)
    return {
      findings: [problem('client-settings', `There is no ${shown}.`, remedy)],
      weight: Number.MAX_SAFE_INTEGER,
      absent: true,
    };
  try {
    const { kept, changes } = mergeEntries(text, file);
    const off = changes.map((change) => findingOf(change, { shown, remedy }));
    const own = kept.map((name) => note('client-settings', `${shown}: ${name} is your own choice.`));
    const good = off.length === 0 ? [ok('client-settings', `${shown} is as it should be`)] : [];
    return { findings: [...good, ...off, ...own, ...endingModels(text, shown)], weight: off.length, absent: false };
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    const unreadable = problem(
      'client-settings',
      `${shown} cannot be used: ${error.message}.`,
      `mend ${shown}, then once more`,
    );
    return { findings: [unreadable], weight: 1000, absent: false };
  }
};

/** A wrong address, name or reference stops it; a wrong number or switch makes it worse than it could be. */
const findingOf = (
  { path, found, wanted }: MergeChange,
  { shown, remedy }: { shown: string; remedy: string },
): Finding => {
  const name = path.filter((each) => typeof each === 'string').join('.') || 'the entry of this server';
  if (found === undefined) return problem('client-settings', `${shown}: ${name} is missing.`, remedy);
  // A key may stand there, which must not be repeated.
  const isSecret = /key|token|secret/iu.test(String(path.at(-1)));
  const difference = isSecret ? 'is not as it should be' : `is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`;
  const level = typeof wanted === 'string' ? problem : warning;
  return level('client-settings', `${shown}: ${name} ${difference}.`, remedy);
};

/** Undefined where none of the client's variables is set. */
const checkVariables = (client: Client, { environment }: Variant, { env }: Machine): readonly Finding[] | undefined => {
  const wanted = Object.entries(environment ?? {});
  if (!wanted.some(([name]) => env[name] !== undefined)) return undefined;
  const remedy = `opencode-claude-proxy connect ${client.id}`;
  return wanted.map(([name, value]) => {
    const found = env[name];
    if (found === undefined) return problem('client-settings', `${name} is not set.`, `${remedy} prints the lines`);
    if (/KEY|TOKEN/u.test(name) || found === value) return ok('client-settings', `${name} is set`);
    return problem('client-settings', `${name} is ${found}, not ${value}.`, `${remedy} prints the lines`);
  });
};

/** Models that the file names and that end soon. */
const endingModels = (text: string, shown: string): readonly Finding[] =>
  CATALOG.filter(({ id }) => text.includes(id)).flatMap(({ id }) => {
    const end = nearEnd(id, Date.now(), NOTICE_DAYS);
    return end === undefined
      ? []
      : [
          warning(
            'client-models',
            `${shown} names ${id}, which ${end.past ? 'ended' : 'ends'} on ${end.day}.`,
            'name a newer one',
          ),
        ];
  });

const checkKey = ({ keyEnv }: Target, { env }: Machine): readonly Finding[] => {
  if (keyEnv === undefined) return [];
  return env[keyEnv] === undefined
    ? [
        warning(
          'client-key',
          `${keyEnv} is not set in this shell; clients started from it cannot read it.`,
          `export ${keyEnv}=…`,
        ),
      ]
    : [ok('client-key', `${keyEnv} is set`)];
};

const ANSWER_WITHIN_MS = 15_000;

/** The client's own view: its address, its key. */
const checkServer = async ({ url, keyEnv }: Target, { env }: Machine): Promise<readonly Finding[]> => {
  const key = keyEnv === undefined ? 'any' : env[keyEnv];
  try {
    const response = await fetch(`${url}/v1/models`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    await response.body?.cancel();
    if (response.ok) return [ok('client-server', `${url} answers, and takes the key`)];
    if (response.status === 401)
      return [
        problem(
          'client-server',
          `${url} does not take this key.`,
          `set ${keyEnv ?? 'PROXY_API_KEY'} to one of the server’s, or name another with --key-env`,
        ),
      ];
    return [problem('client-server', `${url}/v1/models answers ${response.status}.`, 'opencode-claude-proxy status')];
  } catch {
    return [
      problem(
        'client-server',
        `No server answers at ${url}.`,
        'opencode-claude-proxy start, or name another with --url',
      ),
    ];
  }
};
