/** All dependencies of the HTTP layer; it starts nothing itself. */
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
  /** Called when the API does not have the model. True where another model answers to the same name from now on. */
  readonly modelNotFound: (model: ResolvedModel) => boolean;
  /** Every name that can be asked for: models and aliases. */
  readonly listModels: () => Promise<readonly ListedModel[]>;
  /** MODEL_MAP, as the owner wrote it. */
  readonly modelMap?: Readonly<Record<string, string>>;
  /** Resolves when the engine has listed its models, or after a timeout; only the first requests wait. */
  readonly modelsKnown: () => Promise<void>;
  readonly leases: Leases;
  readonly bodies: BodyBudget;
  /** Aborted, with the error for its clients, when the server cannot wait for running answers any longer. */
  readonly stopping?: AbortSignal;
  readonly keys: KeyRing;
  /** Keys that are created while the server runs; absent without a database. */
  readonly namedKeys?: NamedKeys;
  /** Dashboard logins; absent where there is no dashboard. */
  readonly sessions?: Sessions;
  /** The dashboard's pages, which a higher layer provides; absent where there are none. */
  readonly dashboard?: CreateDashboard;
  /** The limits of keys and the account's plan; absent without a database. */
  readonly limits?: Limits;
  /** Keep the bodies of requests and answers (LOG_CONTENT). */
  readonly keepContent?: boolean;
  /** Absent: wrong keys are not slowed down. */
  readonly wrongKeys?: WrongKeys;
  readonly settings: HttpSettings;
  /** Called once with the summary of every request. */
  readonly announce: SummaryListener;
  /** The metrics as text, and their content type; absent without metrics. */
  readonly metrics?: () => Promise<{ readonly text: string; readonly contentType: string }>;
  /** Whether the ledger can be written; absent where there is none. */
  readonly ledger?: () => RecorderHealth;
  /** Whether the webhook of alerts can be called; absent where there is none. */
  readonly alerts?: () => AlertsHealth;
  /** Reports from the ledger; absent where there is none. */
  readonly reports?: LedgerReports;
  readonly log: Log;
  readonly clock: Clock;
  /** Answers stored for later requests; absent without a database. */
  readonly responses?: ResponseStore;
  /** Encrypts values that callers store for this server; its key is loaded at the first use. */
  readonly cipher?: () => Promise<TextCipher>;
  readonly version: string;
  /** Which login the engine uses, as a sentence; never the secret. */
  readonly login: string;
}

export interface HttpSettings {
  readonly maxBodyBytes: number;
  /** How long the status of a streamed answer waits for the first event, so that an early error gets a real status. */
  readonly headerWaitMs: number;
  /** After this much silence a keepalive is sent. */
  readonly keepaliveMs: number;
  /** From admission to the end of the answer. */
  readonly turnTimeoutMs: number;
  /** How much silence of the engine is logged as a warning. */
  readonly stallAlarmMs: number;
  /** Refuse requests with parameters that would be ignored. */
  readonly strict: boolean;
  /** Origins of web pages that may call this server; `*` for any. */
  readonly corsOrigins: readonly string[];
  /** Refuse `Host` values that are neither loopback nor listed below: the defence against DNS rebinding. */
  readonly checkHost: boolean;
  readonly allowedHosts: readonly string[];
  /** Every request comes through the project's own Worker, which has set its id. */
  readonly behindWorker?: boolean;
}
