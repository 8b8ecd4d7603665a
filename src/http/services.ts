/** Everything the HTTP layer works with comes in here; it starts nothing itself. */
import type { NamedKeys } from '../access/named-keys.ts';
import type { Clock } from '../util/clock.ts';
import type { Log } from '../util/log.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { BodyBudget } from '../access/body-budget.ts';
import type { AlertsHealth } from '../access/alerts/alerts.ts';
import type { WrongKeys } from '../access/wrong-keys.ts';
import type { KeyRing } from '../access/keys.ts';
import type { Sessions } from '../access/sessions.ts';
import type { Leases } from '../access/leases.ts';
import type { ListedModel } from '../models/list.ts';
import type { ResolvedModel, ResolveModel } from '../models/model.ts';
import type { RecorderHealth } from '../store/ledger/recorder.ts';
import type { LedgerReports } from '../store/ledger/reports.ts';
import type { ResponseStore } from '../store/responses.ts';
import type { Limits } from './request/admission.ts';
import type { CreateDashboard } from './dashboard/routes.ts';
import type { TextCipher } from '../util/text-cipher.ts';
import type { Engine } from '../turn/engine.ts';
import type { SummaryListener } from '../turn/request-summary.ts';

export interface Services {
  readonly dialects: readonly Dialect[];
  readonly engine: Engine;
  readonly resolveModel: ResolveModel;
  /** Learns that the API does not have the model. True where the same name is answered by another one from now on. */
  readonly modelNotFound: (model: ResolvedModel) => boolean;
  /** Every name that may be asked for: models and aliases. */
  readonly listModels: () => Promise<readonly ListedModel[]>;
  /** MODEL_MAP, as the owner wrote it. */
  readonly modelMap?: Readonly<Record<string, string>>;
  /** Resolves when the engine has told its models, or has had time enough; only the first requests wait. */
  readonly modelsKnown: () => Promise<void>;
  readonly leases: Leases;
  readonly bodies: BodyBudget;
  /** Aborted, with the error for its clients, when the server can wait for running answers no longer. */
  readonly stopping?: AbortSignal;
  readonly keys: KeyRing;
  /** Keys that are made while the server runs; absent where nothing is kept. */
  readonly namedKeys?: NamedKeys;
  /** Who is logged in at the dashboard; absent where there is none. */
  readonly sessions?: Sessions;
  /** The pages, which stand on top of this layer; absent where there are none. */
  readonly dashboard?: CreateDashboard;
  /** The limits of keys and the account's plan; absent where nothing is kept. */
  readonly limits?: Limits;
  /** Keep the bodies of requests and answers (LOG_CONTENT). */
  readonly keepContent?: boolean;
  /** Where it is absent, keys may be tried as fast as they come. */
  readonly wrongKeys?: WrongKeys;
  readonly settings: HttpSettings;
  /** Called once with the summary of every request. */
  readonly announce: SummaryListener;
  /** The text for Prometheus, and its content type; absent where none is kept. */
  readonly metrics?: () => Promise<{ readonly text: string; readonly contentType: string }>;
  /** Whether the ledger can be written; absent where there is none. */
  readonly ledger?: () => RecorderHealth;
  /** Whether the webhook of alerts can be called; absent where there is none. */
  readonly alerts?: () => AlertsHealth;
  /** What the ledger tells; absent where there is none. */
  readonly reports?: LedgerReports;
  readonly log: Log;
  readonly clock: Clock;
  /** Answers kept for later requests; absent where nothing is kept. */
  readonly responses?: ResponseStore;
  /** Encrypts what callers keep for this server; its key is had at the first use. */
  readonly cipher?: () => Promise<TextCipher>;
  readonly version: string;
  /** Which login the engine uses, in words; never the secret. */
  readonly login: string;
}

export interface HttpSettings {
  readonly maxBodyBytes: number;
  /** How long a streamed answer's status waits for the first event, so that an early error is a real status. */
  readonly headerWaitMs: number;
  /** After this much silence in a stream a sign of life is sent. */
  readonly keepaliveMs: number;
  /** From admission to the end of the answer. */
  readonly turnTimeoutMs: number;
  /** Silence of the engine that is worth a warning in the log. */
  readonly stallAlarmMs: number;
  /** Refuse requests with parameters that would be ignored. */
  readonly strict: boolean;
  /** Origins of web pages that may call this server; `*` for any. */
  readonly corsOrigins: readonly string[];
  /** Refuse `Host` values that are neither loopback nor listed below: the defence against DNS rebinding. */
  readonly checkHost: boolean;
  readonly allowedHosts: readonly string[];
  /** Every request comes through the project's own Worker, which has given it its id. */
  readonly behindWorker?: boolean;
}
