import type { VisibleTo } from '../../core/auth/visible-sources.ts';
import type { ShownSetting } from '../../core/contracts/http/settings.ts';
import type { Installation } from '../../core/contracts/installation.ts';
import type { Streaming } from '../../core/http/event-stream/stream.ts';
import type { RateLimit } from '../../core/http/rate-limit.ts';
import type { AlertStore } from '../../core/ports/alert-store.ts';
import type { AnswerStore } from '../../core/ports/answer-store.ts';
import type { ApiKeyStore } from '../../core/ports/api-key-store.ts';
import type { BackfillStore } from '../../core/ports/backfill-store.ts';
import type { BarReader } from '../../core/ports/bar-reader.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { ConstituentReader } from '../../core/ports/constituent-reader.ts';
import type { CoverageReader } from '../../core/ports/coverage-reader.ts';
import type { DiagnosisStore } from '../../core/ports/diagnosis-store.ts';
import type { EventFeed } from '../../core/ports/event-feed.ts';
import type { ExportStore } from '../../core/ports/export-store.ts';
import type { FactsReader } from '../../core/ports/facts-reader.ts';
import type { FindingRecords } from '../../core/ports/finding-records.ts';
import type { FlowSamples } from '../../core/ports/flow-samples.ts';
import type { HealthReader } from '../../core/ports/health-reader.ts';
import type { IdempotencyStore } from '../../core/ports/idempotency-store.ts';
import type { ImportStore } from '../../core/ports/import-store.ts';
import type { IncidentStore } from '../../core/ports/incident-store.ts';
import type { InstrumentReader } from '../../core/ports/instrument-reader.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import type { ModelStore } from '../../core/ports/model-store.ts';
import type { QuarantineStore } from '../../core/ports/quarantine-store.ts';
import type { QueueInspector } from '../../core/ports/queue-inspector.ts';
import type { QuoteReader } from '../../core/ports/quote-reader.ts';
import type { RawStore } from '../../core/ports/raw-store.ts';
import type { RecoveryRecords } from '../../core/ports/recovery-store.ts';
import type { ReplayStore } from '../../core/ports/replay-store.ts';
import type { RunReader } from '../../core/ports/run-reader.ts';
import type { SourceReader } from '../../core/ports/source-reader.ts';
import type { SwitchStore } from '../../core/ports/switch-store.ts';
import type { SystemSamples } from '../../core/ports/system-samples.ts';
import type { SignUpload } from '../../core/ports/upload.ts';
import type { ValidityStore } from '../../core/ports/validity-store.ts';
import type { PlannedPeriods, WatchStore } from '../../core/ports/watch-store.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

/** What the API needs. `handler.ts` gives the real ones, tests give theirs. */
export interface ApiDependencies {
  readonly quotes: VisibleTo<QuoteReader>;
  readonly bars: VisibleTo<BarReader>;
  readonly coverage: VisibleTo<CoverageReader>;
  readonly instruments: VisibleTo<InstrumentReader>;
  readonly constituents: VisibleTo<ConstituentReader>;
  /** Links that let their holder read one artifact for some minutes. */
  readonly artifactUrl: (key: string) => Promise<string>;
  /** Takes answers that are too long for Lambda and API Gateway. */
  readonly longAnswers: AnswerStore;
  readonly sources: SourceReader;
  readonly runs: VisibleTo<RunReader>;
  /** Raw answers, to be shown as text. */
  readonly blobs: Pick<RawStore, 'get'>;
  readonly backfills: VisibleTo<BackfillStore>;
  readonly exports: VisibleTo<ExportStore>;
  /** Links that let their holder read a file of an export for fifteen minutes. */
  readonly exportUrl: (key: string) => Promise<string>;
  readonly watch: WatchStore;
  /** How many symbols the watch list may have. */
  readonly watchLimit?: number | undefined;
  readonly periods: PlannedPeriods;
  readonly models: ModelStore;
  readonly quarantine: VisibleTo<QuarantineStore>;
  readonly findings: VisibleTo<FindingRecords>;
  readonly validities: ValidityStore;
  readonly replays: VisibleTo<ReplayStore>;
  readonly recoveries: VisibleTo<RecoveryRecords>;
  readonly switches: SwitchStore;
  readonly health: HealthReader;
  readonly systemSamples: SystemSamples;
  readonly flowSamples: FlowSamples;
  readonly feed: EventFeed;
  readonly alerts: AlertStore;
  /** Hosts that channels may lead to although their addresses are private: none on AWS. */
  readonly alertHosts: readonly string[];
  /** As events name it. */
  readonly installation: Installation;
  /** Of a process that streams events; the function `api` does not. */
  readonly streaming?: Streaming;
  /** Whether everybody may see how the sources do. */
  readonly publicStatus?: boolean;
  readonly facts: FactsReader;
  readonly imports: VisibleTo<ImportStore>;
  /** Links that let their holder store a part of an import. */
  readonly signUpload: SignUpload;
  readonly incidents: VisibleTo<IncidentStore>;
  readonly diagnoses: DiagnosisStore;
  /** Whether a model is configured that writes summaries: then `queue` has `summaries`. */
  readonly summaries: boolean;
  readonly keys: ApiKeyStore;
  readonly requests: IdempotencyStore;
  /** Has the queues `ticks`, `ingest`, `recoveries`, `exports` and `alerts`. */
  readonly queue: MessageQueue;
  readonly inspector: QueueInspector;
  readonly catalogue: readonly SourceDefinition[];
  /** Calendars are ignored: the simulated market never closes. */
  readonly alwaysOpen?: boolean;
  /** Ids of the sources whose data are made up: none on AWS. */
  readonly simulated: readonly string[];
  /** How the installation is configured, without what is secret. */
  readonly settings: readonly ShownSetting[];
  readonly clock: Clock;
  /** Of the release, as in package.json. */
  readonly version: string;
  /** The browser's protocol, where no proxy names it in `x-forwarded-proto`. */
  readonly protocol: 'http' | 'https';
  readonly rateLimit?: RateLimit;
  /** Origins of other pages that may read answers; none unless given. */
  readonly corsOrigins?: readonly string[];
  /** Gets every error that becomes a 500 or 503. The caller sees none of it. */
  log(error: unknown, requestId: string): void;
}
