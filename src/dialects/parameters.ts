/**
 * The parameter contract as data: one table in each dialect lists the fate of every parameter. The parsers use it, the
 * report to the caller is built from it, and docs/COMPATIBILITY.md is generated from it.
 */
import { TurnError } from '../turn/errors.ts';
import type { Abilities } from '../models/model.ts';
import type { EngineAbilities } from '../turn/engine.ts';
import type { ParameterReport, ParseContext } from './dialect.ts';
import { pathText, type Path, type PathStyle } from './validate.ts';

/** `refused`: a 400 that names the parameter. */
export type Fate = 'applied' | 'emulated' | 'ignored' | 'refused';

/** Conditions of a fate besides the value. */
export type Circumstances = Pick<ParseContext, 'engine'> & { readonly abilities: Abilities };

export interface ParameterCase {
  readonly fate: Fate;
  /** Decided by engine and model. Without it the parser decides by the value, and `when` explains how. */
  readonly if?: {
    /** An ability that the engine does not have. */
    readonly lacks?: keyof EngineAbilities;
    readonly sampling?: Abilities['sampling'];
    readonly thinking?: Abilities['thinking'];
  };
  /** Where the parser decides: the engine must also lack this ability. The docs name the engines. */
  readonly lacks?: keyof EngineAbilities;
  readonly when: string;
}

export interface Parameter {
  /** Path in the caller's request; `[]` stands for every element: `messages[].name`. */
  readonly name: string;
  readonly fate: Fate;
  readonly note: string;
  /** Values that ask for nothing, such as a default: never reported and never refused. */
  readonly neutral?: readonly unknown[];
  readonly cases?: readonly ParameterCase[];
  /** Ignored or emulated without a report, where the caller loses nothing; `note` explains why. */
  readonly silent?: true;
}

/** The fate that engine and model decide, with its explanation. */
const decide = (
  { fate, note, cases = [] }: Parameter,
  circumstances: Circumstances,
): { readonly fate: Fate; readonly why: string } => {
  const special = cases.find((one) => one.if !== undefined && matches(one.if, circumstances));
  if (special === undefined) return { fate, why: note };
  const cause = special.if?.lacks === undefined ? '' : `engine \`${circumstances.engine.name}\`: `;
  return { fate: special.fate, why: sentence(cause + special.when) };
};

const sentence = (words: string): string => `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;

const matches = (condition: NonNullable<ParameterCase['if']>, { engine, abilities }: Circumstances): boolean =>
  (condition.lacks === undefined || !engine.abilities[condition.lacks]) &&
  (condition.sampling === undefined || condition.sampling === abilities.sampling) &&
  (condition.thinking === undefined || condition.thinking === abilities.thinking);

export interface ReportOptions {
  readonly style: PathStyle;
  /** What happens to members of the body that the table does not list. */
  readonly unknown: 'ignored' | 'passed';
}

/** Collects what happened to the parameters of one request. */
export class Report {
  readonly #table: Table;
  readonly #circumstances: Circumstances;
  readonly #options: ReportOptions;
  readonly #ignored = new Set<string>();
  readonly #emulated = new Set<string>();

  constructor(table: readonly Parameter[], circumstances: Circumstances, options: ReportOptions) {
    this.#options = options;
    this.#table = tableOf(table);
    this.#circumstances = circumstances;
  }

  /** Reports every fate that the table alone decides. Throws `unsupported_parameter` for a refused one. */
  add(body: object): void {
    for (const parameter of this.#table.rows.values()) {
      const found = findPath(body, parameter.name, (value) => isSet(value, parameter.neutral));
      if (found !== undefined) this.#addOne(parameter, found.path);
    }
    if (this.#options.unknown === 'passed') return;
    for (const [name, value] of Object.entries(body)) {
      if (isSet(value) && !this.#table.topLevel.has(name)) this.ignore(safeName(name));
    }
  }

  /** Whether the parser should put the parameter into the turn, for this engine and model. */
  applies(name: string): boolean {
    const parameter = this.#table.rows.get(name);
    const fate = parameter && decide(parameter, this.#circumstances).fate;
    return fate === 'applied' || fate === 'emulated';
  }

  ignore(name: string): void {
    this.#emulated.delete(name);
    this.#ignored.add(name);
  }

  emulate(name: string): void {
    if (!this.#ignored.has(name)) this.#emulated.add(name);
  }

  done(): ParameterReport {
    return { ignored: [...this.#ignored], emulated: [...this.#emulated] };
  }

  #addOne(parameter: Parameter, path: Path): void {
    const { fate, why } = decide(parameter, this.#circumstances);
    if (fate === 'ignored' && parameter.silent !== true) this.ignore(parameter.name);
    if (fate === 'emulated' && parameter.silent !== true) this.emulate(parameter.name);
    if (fate === 'refused') {
      const param = pathText(this.#options.style, path);
      const accepted = (parameter.neutral ?? []).map((value) => JSON.stringify(value)).join(' or ');
      const what =
        accepted === ''
          ? `Unsupported parameter: '${param}'.`
          : `Unsupported value for '${param}': only ${accepted} is accepted.`;
      throw new TurnError('unsupported_parameter', `${what} ${why}`, { param });
    }
  }
}

interface Table {
  readonly rows: ReadonlyMap<string, Parameter>;
  /** Members of a body that the rows are, or lie in. */
  readonly topLevel: ReadonlySet<string>;
}

/** A dialect has one table for all of its requests. */
const tables = new WeakMap<readonly Parameter[], Table>();

const tableOf = (parameters: readonly Parameter[]): Table => {
  const known = tables.get(parameters);
  if (known !== undefined) return known;
  const table: Table = {
    rows: new Map(parameters.map((row) => [row.name, row])),
    topLevel: new Set(parameters.map(({ name }) => stepsOf(name)[0] ?? name)),
  };
  tables.set(parameters, table);
  return table;
};

const isSet = (value: unknown, neutral: readonly unknown[] = []): boolean => {
  if (value === undefined || value === null) return false;
  return neutral.length === 0 || !neutral.some((one) => same(one, value));
};

/** Neutral values are flat, so one level is compared; the caller's value may be nested deeply. */
const same = (neutral: unknown, value: unknown): boolean => {
  if (typeof neutral !== 'object' || neutral === null || typeof value !== 'object' || value === null)
    return neutral === value;
  const [expected, given] = [Object.entries(neutral), Object.entries(value)];
  return (
    Array.isArray(neutral) === Array.isArray(value) &&
    expected.length === given.length &&
    expected.every(([key, part]) => (value as Record<string, unknown>)[key] === part)
  );
};

interface Place {
  readonly path: Path;
  readonly value: unknown;
}

/**
 * The first path that matches a name such as `messages[].content[].cache_control` and holds `wanted`. Bodies have tens
 * of thousands of blocks and the tables dozens of names, so a path is built only for the match.
 */
export const findPath = (body: unknown, name: string, wanted: (value: unknown) => boolean): Place | undefined =>
  findIn(body, { steps: stepsOf(name), wanted }, 0);

interface Search {
  readonly steps: readonly string[];
  readonly wanted: (value: unknown) => boolean;
}

/** `at`: how many of the steps have been taken. */
const findIn = (value: unknown, search: Search, at: number): Place | undefined => {
  const step = search.steps[at];
  if (step === undefined) return search.wanted(value) ? { path: [], value } : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (step === '[]') return Array.isArray(value) ? findInElements(value, search, at + 1) : undefined;
  if (Array.isArray(value) || !Object.hasOwn(value, step)) return undefined;
  return below(step, findIn((value as Record<string, unknown>)[step], search, at + 1));
};

const findInElements = (elements: readonly unknown[], search: Search, at: number): Place | undefined => {
  for (const [index, element] of elements.entries()) {
    const found = findIn(element, search, at);
    if (found !== undefined) return below(index, found);
  }
  return undefined;
};

const below = (step: string | number, found: Place | undefined): Place | undefined =>
  found && { path: [step, ...found.path], value: found.value };

const steps = new Map<string, readonly string[]>();

const stepsOf = (name: string): readonly string[] => {
  const known = steps.get(name);
  if (known !== undefined) return known;
  const split = name.split(/\.|(?=\[\])/u);
  steps.set(name, split);
  return split;
};

/** A name from the caller's body goes into a header: a name with unusual characters is not repeated. */
const safeName = (name: string): string => (/^[\w.-]{1,64}$/u.test(name) ? name : '(other)');
