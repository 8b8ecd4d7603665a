/**
 * The parameter contract as data. One table a dialect says what becomes of every parameter; the parsers
 * ask it, the report to the caller is built from it, and docs/COMPATIBILITY.md is generated from it.
 */
import { TurnError } from '../turn/errors.ts';
import type { Abilities } from '../models/model.ts';
import type { ParameterReport, ParseContext } from './dialect.ts';

/** `refused`: a 400 that names the parameter. */
export type Fate = 'applied' | 'emulated' | 'ignored' | 'refused';

/** What a fate can depend on besides the value. */
export interface Circumstances {
  readonly engine: ParseContext['engine'];
  readonly abilities: Abilities;
}

export interface ParameterCase {
  readonly fate: Fate;
  /** Decides from engine and model. Without it the parser decides from the value, and `when` says how. */
  readonly if?: {
    readonly engine?: ParseContext['engine'];
    readonly sampling?: Abilities['sampling'];
    readonly thinking?: Abilities['thinking'];
  };
  readonly when: string;
}

export interface Parameter {
  /** Path in the caller's request; `[]` stands for every element: `messages[].name`. */
  readonly name: string;
  readonly fate: Fate;
  readonly note: string;
  /** Values that ask for nothing, such as a default: never reported, never refused. */
  readonly neutral?: readonly unknown[];
  readonly cases?: readonly ParameterCase[];
  /** Ignored without a word to the caller, for what no caller can miss; `note` says why. */
  readonly silent?: true;
}

export const fateOf = (parameter: Parameter, circumstances: Circumstances): Fate =>
  parameter.cases?.find((one) => one.if !== undefined && matches(one.if, circumstances))?.fate ?? parameter.fate;

const matches = (condition: NonNullable<ParameterCase['if']>, { engine, abilities }: Circumstances): boolean =>
  (condition.engine === undefined || condition.engine === engine) &&
  (condition.sampling === undefined || condition.sampling === abilities.sampling) &&
  (condition.thinking === undefined || condition.thinking === abilities.thinking);

/**
 * Collects what happened to the parameters of one request. Throws `unsupported_parameter` for a refused one.
 * Members of the body that the table does not know are ignored, and said to be.
 */
export class Report {
  readonly #table: ReadonlyMap<string, Parameter>;
  readonly #circumstances: Circumstances;
  readonly #ignored = new Set<string>();
  readonly #emulated = new Set<string>();

  constructor(table: readonly Parameter[], circumstances: Circumstances) {
    this.#table = new Map(table.map((row) => [row.name, row]));
    this.#circumstances = circumstances;
  }

  /** Reports everything that the table alone decides. */
  add(body: object): void {
    for (const parameter of this.#table.values()) {
      if (valuesAt(body, parameter.name).some((value) => isSet(value, parameter.neutral))) this.#addOne(parameter);
    }
    for (const [name, value] of Object.entries(body)) {
      if (isSet(value) && !this.#knows(name)) this.ignore(printable(name));
    }
  }

  /** Whether the parser should put the parameter into the turn, for this engine and model. */
  applies(name: string): boolean {
    const parameter = this.#table.get(name);
    const fate = parameter && fateOf(parameter, this.#circumstances);
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

  #addOne(parameter: Parameter): void {
    const fate = fateOf(parameter, this.#circumstances);
    if (fate === 'ignored' && parameter.silent !== true) this.ignore(parameter.name);
    if (fate === 'emulated') this.emulate(parameter.name);
    if (fate === 'refused') {
      throw new TurnError('unsupported_parameter', `Unsupported parameter: '${parameter.name}'. ${parameter.note}`, { param: parameter.name });
    }
  }

  #knows(topLevel: string): boolean {
    for (const name of this.#table.keys()) if (name === topLevel || name.startsWith(`${topLevel}.`) || name.startsWith(`${topLevel}[]`)) return true;
    return false;
  }
}

const isSet = (value: unknown, neutral: readonly unknown[] = []): boolean => {
  if (value === undefined || value === null) return false;
  return neutral.length === 0 || !neutral.some((one) => same(one, value));
};

/** Neutral values are flat, so one level is compared; the caller's own may be as deep as it likes. */
const same = (neutral: unknown, value: unknown): boolean => {
  if (typeof neutral !== 'object' || neutral === null || typeof value !== 'object' || value === null) return neutral === value;
  const [expected, given] = [Object.entries(neutral), Object.entries(value)];
  return Array.isArray(neutral) === Array.isArray(value) && expected.length === given.length && expected.every(([key, part]) => (value as Record<string, unknown>)[key] === part);
};

/** All values at a path such as `messages[].content[].cache_control`; what is not there gives nothing. */
export const valuesAt = (body: unknown, path: string): readonly unknown[] => {
  const steps = path.split(/\.|(?=\[\])/u);
  return steps.reduce<readonly unknown[]>((values, step) => values.flatMap((value) => stepInto(value, step)), [body]);
};

const stepInto = (value: unknown, step: string): readonly unknown[] => {
  if (step === '[]') return Array.isArray(value) ? value : [];
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, step)) return [];
  return [(value as Record<string, unknown>)[step]];
};

/** A name from the caller's body goes into a header: anything unusual is not repeated. */
const printable = (name: string): string => (/^[\w.-]{1,64}$/u.test(name) ? name : '(other)');
