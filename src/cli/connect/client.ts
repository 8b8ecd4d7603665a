/** What `connect`, `doctor --client` and docs/CLIENTS.md know of a client: data, one file for each. */
import type { ClientModel } from './models.ts';

export type Api = 'Chat Completions' | 'Responses' | 'Messages' | 'Ollama';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** The server that a client is to be connected to. */
export interface Target {
  /** Without `/v1` and without a slash at the end. */
  readonly url: string;
  /** The variable that holds the server's key; absent where the server takes any key. */
  readonly keyEnv?: string;
  /** The newest of each family, the default one first. */
  readonly models: readonly ClientModel[];
}

/** The machine whose files are meant; `~` as home prints a path for everybody. */
export interface Machine {
  readonly home: string;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One thing that a configuration file must hold. */
export type Entry =
  | {
      readonly path: readonly string[];
      /** Objects are merged into what is there, everything else takes its place. */
      readonly value: Json;
      /**
       * `each`: what the user has there stays. `all`: a choice of theirs, such as the default model with its
       * provider: where one of these is set otherwise, none of ours is set, unless they ask for it.
       */
      readonly keepExisting?: 'each' | 'all';
    }
  | {
      readonly path: readonly string[];
      /** An element of the list at `path`: it takes the place of the one that has the same `by`. */
      readonly item: JsonObject;
      readonly by: string;
    };

export interface ConfigFile {
  /** Where the client looks; the first that exists is used, else the first. */
  readonly locations: (machine: Machine) => readonly string[];
  readonly format: 'json' | 'yaml' | 'toml';
  readonly entries: readonly Entry[];
}

export interface Code {
  readonly language: 'sh' | 'python' | 'js';
  readonly text: string;
}

/** One way to configure a client. A client may have several, by API or by where the settings go. */
export interface Variant {
  /** For `--variant`. */
  readonly id: string;
  readonly title: string;
  readonly api: Api;
  readonly file?: ConfigFile;
  /** Lines for a shell profile. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly code?: Code;
  /** What is done by hand, in Markdown. */
  readonly steps?: readonly string[];
}

export interface Client {
  readonly id: string;
  readonly name: string;
  readonly documentation: string;
  /** A command on the PATH, or a file or folder, that shows that it is installed here. */
  readonly detect: { readonly commands?: readonly string[]; readonly paths?: (machine: Machine) => readonly string[] };
  readonly variants: (target: Target) => readonly [Variant, ...Variant[]];
  /** What surprises, in Markdown. */
  readonly notes?: readonly string[];
  readonly tested: Tested;
}

export type Tested =
  /** By a test, with the real client or against its own schema, or by hand with the real client. */
  | { readonly how: 'run' | 'schema' | 'by hand'; readonly version: string; readonly date: string }
  /** From what its makers and users write; `date` is when that was read. */
  | { readonly how: 'documentation'; readonly date: string };

export const openAiBase = ({ url }: Pick<Target, 'url'>): string => `${url}/v1`;

/** A reference to the key in the client's own notation, or `any` where every key is taken. */
export const keyFor = ({ keyEnv }: Pick<Target, 'keyEnv'>, reference: (name: string) => string): string =>
  keyEnv === undefined ? 'any' : reference(keyEnv);

/** For what is typed by hand or cannot refer to a variable. */
export const keyInWords = (target: Pick<Target, 'keyEnv'>): string => keyFor(target, (name) => `the value of ${name}`);

/** In a shell. */
export const keyInShell = (target: Pick<Target, 'keyEnv'>): string => keyFor(target, (name) => `$${name}`);

/** `$XDG_CONFIG_HOME` where it is set. */
export const configHome = ({ home, env }: Machine): string => env['XDG_CONFIG_HOME'] || `${home}/.config`;

/** Where programs built on Electron keep their settings. */
export const applicationData = ({ home, platform, env }: Machine): string =>
  platform === 'darwin' ? `${home}/Library/Application Support` : env['XDG_CONFIG_HOME'] || `${home}/.config`;
