/**
 * The local cloud as a whole. `npm start` and the tests both run this.
 *
 *   1. at the same time: emulator, database, simulated upstreams
 *   2. at the same time: deploy, build the dashboard, and unpack the browser
 *   3. migrate
 *   4. API keys, a sign-in token, the dashboard server, `local.json`
 *
 * Whatever happens, everything that was started is stopped in reverse order, and nothing else.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { findChromium } from '../core/adapters/chromium/executable.ts';
import { createPool, type Pool } from '../core/adapters/postgres/database/pool.ts';
import { readWatchList } from '../core/adapters/postgres/work/watch-list.ts';
import { migrateResponseSchema } from '../core/contracts/migrate.ts';
import { settingNames } from '../core/contracts/settings.ts';
import { originsIn } from '../core/http/cors.ts';
import { catalogue } from '../core/sources/catalogue.ts';
import type { Cleanup } from './cleanup.ts';
import { setSimulatedCredentials } from './credentials.ts';
import { type RunningDashboard, startDashboard } from './dashboard-server.ts';
import { startDatabase } from './database.ts';
import { addressOf, databaseId } from './database-login.ts';
import { deploy, executeApiUrl } from './deploy.ts';
import { type EmulatorAccess, type EmulatorKind, type RunningEmulator, startEmulator } from './emulator.ts';
import { openEventStreams } from './event-streams.ts';
import { type Functions, functionsOf } from './functions.ts';
import { type LocalDatabase, openGivenDatabase, prepareGivenDatabase } from './given-database.ts';
import { kafkaStep, startPollers } from './kafka/local-events.ts';
import { createSignInToken, ensureKeys } from './keys.ts';
import { recoverMessages, scrapeQueuesOf } from './lost-messages.ts';
import { choosePort } from './ports.ts';
import { messageOf } from './problem.ts';
import { type RunSteps, Step } from './progress.ts';
import { type LocalSettings, type PortName, portNames, portVariable, sourceVariable } from './settings.ts';
import { simulatedSources } from './simulated-sources.ts';
import { embedded, keepOwner, readState, root, writeState } from './state-folder.ts';
import { type RunningUpstreams, startUpstreams } from './upstreams/server.ts';
import { namedAgain, watchedSymbols } from './watched-symbols.ts';
import { buildWeb, webFolder } from './web-build.ts';
import { yahooThroughProxy } from './yahoo-through-proxy.ts';

export interface CloudOptions {
  /** The state folder. Its lock must be held. */
  readonly folder: string;
  readonly settings: LocalSettings;
  readonly kind: EmulatorKind;
  /** Call the real services instead of the simulated ones. */
  readonly live: boolean;
  /** With the dashboard: its page, its server, API keys and `local.json`. */
  readonly dashboard: boolean;
  /** Where events go: `sns` unless it is given. */
  readonly events?: 'sns' | 'kafka';
  readonly run: RunSteps;
  /** Ends the start early. */
  readonly signal: AbortSignal;
}

/** Addresses and keys of a local cloud: what `local.json` holds. */
export const localFileSchema = z.object({
  dashboardUrl: z.url(),
  /** Ends in `/api/v1`. */
  apiUrl: z.url(),
  /** Of the simulated upstreams; `null` with the real ones. */
  upstreamsUrl: z.url().nullable(),
  /** Ids of the sources whose data are made up. */
  simulatedSources: z.array(z.string()).default([]),
  emulatorUrl: z.url(),
  /** The emulator takes AWS calls with this one only, until it is started again. */
  emulatorAccessKeyId: z.string(),
  databaseUrl: z.string(),
  /** Whether the database was there before, named by `DB_HOST` and the like. */
  databaseGiven: z.boolean().default(false),
  apiKeys: z.object({ read: z.string(), operate: z.string(), admin: z.string() }),
});
export type LocalFile = z.infer<typeof localFileSchema>;

/** How the emulator of a running local cloud is called. */
export function emulatorOf({ emulatorUrl, emulatorAccessKeyId }: LocalFile): EmulatorAccess {
  return { url: emulatorUrl, accessKeyId: emulatorAccessKeyId };
}

export interface Cloud {
  readonly emulator: RunningEmulator;
  readonly databaseUrl: string;
  readonly upstreams: RunningUpstreams | null;
  /** Ids of the sources whose data are made up. */
  readonly simulatedSources: readonly string[];
  readonly functions: Functions;
  readonly outputs: Readonly<Record<string, string>>;
  readonly pool: Pool;
  /** `null` without the dashboard. */
  readonly local: LocalFile | null;
  /** Signs in once: `<dashboardUrl>/#sign-in=<token>`. */
  readonly signInUrl: string | null;
  /** What the user should know of this start. */
  readonly notes: readonly string[];
  /** Resolves with a message when a part has ended unexpectedly. */
  readonly broken: Promise<string>;
}

const whatListens: Readonly<Record<PortName, string>> = {
  emulator: 'the emulator',
  database: 'the database',
  upstreams: 'the simulated upstreams',
  dashboard: 'the dashboard',
};
const portsSchema = z.partialRecord(z.enum(['upstreams', 'dashboard']), z.int());

/** Starts all parts. When it throws, `cleanup` still has to be run. */
export async function startCloud(options: CloudOptions, cleanup: Cleanup): Promise<Cloud> {
  const { folder, settings, run, signal } = options;
  const localFile = join(folder, 'local.json');
  const earlier = readState(localFile, localFileSchema);
  // Checked before anything starts, so that the last step does not fail after a minute for a reason known at the start.
  for (const name of portNames)
    await choosePort({ what: whatListens[name], required: settings.ports[name], setting: portVariable(name) });
  const given = settings.database === undefined ? null : await openGivenDatabase(settings.database);
  if (given !== null) cleanup.add(() => given.client.end());
  keepOwner(folder, given === null ? embedded : databaseId(given.login));
  const portOf = (name: 'upstreams' | 'dashboard', usual: number) => rememberedPort(folder, settings, name, usual);

  let operateKey = earlier?.apiKeys.operate;
  const emulator = new Step(
    'Emulator',
    async (say) => {
      const { emulatorUrl: url, ports } = settings;
      const started = await startEmulator({
        dir: join(folder, 'emulator'),
        kind: options.kind,
        url,
        port: ports.emulator,
        say,
        signal,
      });
      cleanup.add(started.stop);
      return started;
    },
    ({ kind, url }) => `${kind === 'external' ? 'the one at' : kind} ${url}`,
  );
  const database = new Step(
    'Database',
    async () => {
      const started =
        given === null
          ? await startOwnDatabase(folder, settings)
          : await prepareGivenDatabase(given, folder, options.live ? 'real' : 'simulated');
      cleanup.add(started.stop);
      return started;
    },
    ({ place }) => place,
  );
  const upstreams = new Step(
    'Simulated upstreams',
    async () => {
      const { seed, clock } = settings;
      const port = await portOf('upstreams', 4790);
      const started = await startUpstreams({
        port,
        ...(seed === undefined ? {} : { seed }),
        clock,
        listings: settings.listings,
        controlKey: () => operateKey,
      });
      cleanup.add(started.stop);
      return started;
    },
    ({ url }) => url,
  );
  const kafka = options.events === 'kafka' ? kafkaStep({ folder, cleanup, signal }) : null;
  await run([emulator, database, ...(options.live ? [] : [upstreams]), ...(kafka ? [kafka] : [])]);
  signal.throwIfAborted();

  const simulated = options.live ? null : upstreams.value;
  // Chosen now, so that it is known which address is this cloud's own.
  const dashboardPort = await portOf('dashboard', 4780);
  const yahoo = await yahooThroughProxy(
    settings.yahooProxy,
    [dashboardPort, Number(new URL(emulator.value.url).port)],
    settings.sourceUrls['yahoo'] === undefined ? null : sourceVariable('yahoo'),
  );
  const named = yahoo.url === undefined ? settings.sourceUrls : { ...settings.sourceUrls, yahoo: yahoo.url };
  const sourceUrls = sourceUrlsOf(named, simulated);
  const madeUp = simulatedSources(folder, sourceUrls, simulated?.url ?? null, yahoo.simulated ? ['yahoo'] : []);
  // The functions of MiniStack share this machine's files; in a container they have their own only.
  const shared = emulator.value.kind === 'ministack';
  const deployment = new Step(
    'Deploy',
    (say) =>
      deploy({
        dir: join(folder, 'deploy'),
        emulator: emulator.value,
        databaseUrls: database.value.urls,
        sourceUrls,
        simulatedSources: madeUp,
        corsOrigins: settings.corsOrigins,
        sourceQuotas: settings.sourceQuotas,
        watchLimit: settings.watchLimit,
        kafka: kafka?.value.settings ?? null,
        chromiumPack: shared ? join(root, 'node_modules', '@sparticuz', 'chromium', 'bin') : undefined,
        say,
        signal,
      }),
    ({ fresh }) => (fresh ? '' : 'nothing has changed'),
  );
  const web = new Step(
    'Dashboard',
    () => buildWeb(signal),
    (built) => (built ? 'built' : 'nothing has changed'),
  );
  const browser = new Step(
    'Browser',
    () => findChromium(process.env[settingNames.chromium]).then(({ path }) => path, messageOf),
    (found) => found,
  );
  await run([deployment, ...(options.dashboard ? [web] : []), ...(shared ? [browser] : [])]);
  signal.throwIfAborted();

  const functions = functionsOf(emulator.value, deployment.value);
  cleanup.add(async () => functions.close());
  if (kafka) startPollers(kafka.value, { outputs: deployment.value.outputs, functions, folder, cleanup });
  const migrations = new Step(
    'Migrate',
    async () => migrateResponseSchema.parse(await functions.invoke('migrate', { watch: settings.symbols })),
    ({ applied }) =>
      applied.length === 0 ? 'nothing to do' : applied.length > 3 ? `${applied.length} migrations` : applied.join(', '),
  );
  await run([migrations]);
  signal.throwIfAborted();

  const pool = createPool({ url: database.value.url }, 2);
  cleanup.add(() => pool.end());
  const watched = new Step(
    'Watch list',
    async () => watchedSymbols(await readWatchList(pool)),
    (symbols) => `${symbols.length} symbols`,
  );
  await run([watched]);
  signal.throwIfAborted();
  const messages = new Step(
    'Messages',
    async () => {
      const queues = scrapeQueuesOf(
        emulator.value,
        deployment.value,
        catalogue.map(({ id }) => id),
      );
      return recoverMessages(pool, queues.inspector).finally(queues.close);
    },
    (lost) => (lost === 0 ? 'none are missing' : `${lost} tasks are sent again: the emulator has lost their messages`),
  );
  await run([messages]);
  signal.throwIfAborted();
  if (simulated !== null) {
    const credentials = new Step(
      'Credentials',
      () =>
        setSimulatedCredentials(
          executeApiUrl(emulator.value.url, deployment.value),
          pool,
          catalogue.map(({ id }) => id).filter((id) => settings.sourceUrls[id] === undefined),
        ),
      (sources) => `of the simulated ${sources.join(', ')}`,
    );
    await run([credentials]);
    signal.throwIfAborted();
  }
  let served: { readonly local: LocalFile; readonly signInUrl: string } | null = null;
  if (options.dashboard) {
    const access = new Step(
      'API keys and dashboard',
      async () => {
        const apiKeys = await ensureKeys(pool, earlier?.apiKeys ?? {});
        operateKey = apiKeys.operate;
        const token = await createSignInToken(pool, apiKeys.admin);
        const streams = openEventStreams({
          databaseUrl: database.value.urls.api,
          simulated: madeUp,
          corsOrigins: originsIn(settings.corsOrigins ?? '').origins,
          log: () => undefined,
        });
        cleanup.add(streams.stop);
        const dashboard: RunningDashboard = await startDashboard({
          streams,
          port: dashboardPort,
          folder: webFolder,
          apiUrl: executeApiUrl(emulator.value.url, deployment.value),
          emulatorUrl: emulator.value.url,
          gateSecret: emulator.value.gateSecret,
        });
        cleanup.add(dashboard.stop);
        const local: LocalFile = {
          dashboardUrl: dashboard.url,
          apiUrl: `${dashboard.url}/api/v1`,
          upstreamsUrl: simulated?.url ?? null,
          simulatedSources: [...madeUp],
          emulatorUrl: emulator.value.url,
          emulatorAccessKeyId: emulator.value.accessKeyId,
          databaseUrl: database.value.url,
          databaseGiven: given !== null,
          apiKeys,
        };
        writeState(localFile, local);
        return { local, signInUrl: `${dashboard.url}/#sign-in=${token}` };
      },
      ({ local }) => local.dashboardUrl,
    );
    await run([access]);
    served = access.value;
  }

  return {
    emulator: emulator.value,
    databaseUrl: database.value.url,
    upstreams: simulated,
    simulatedSources: madeUp,
    functions,
    outputs: deployment.value.outputs,
    pool,
    local: served?.local ?? null,
    signInUrl: served?.signInUrl ?? null,
    notes: [
      ...database.value.notes,
      ...yahoo.notes,
      ...(migrations.value.watched?.started.length === 0 ? namedAgain(settings.symbols, watched.value) : []),
    ],
    broken: Promise.race([
      ...(kafka ? [unexpectedEnd(kafka.value.ended, 'Kafka', kafka.value.logFile)] : []),
      unexpectedEnd(emulator.value.ended, 'The emulator', emulator.value.logFile),
      given === null
        ? unexpectedEnd(database.value.ended, 'The database', database.value.logFile)
        : lostSchema(database.value.ended, addressOf(given.login)),
    ]),
  };
}

/** The embedded one, as a given one looks. */
async function startOwnDatabase(folder: string, { ports }: LocalSettings): Promise<LocalDatabase> {
  const dir = join(folder, 'postgres');
  const started = await startDatabase({ dir, port: ports.database, persistent: true, roles: true });
  return { ...started, place: `PostgreSQL on port ${started.port}`, notes: [] };
}

/** Resolves with a message when a part ends unexpectedly. */
function unexpectedEnd(ended: Promise<boolean>, what: string, logFile: string | null): Promise<string> {
  return new Promise((resolve) => {
    void ended.then((asked) => {
      if (asked) return;
      resolve(
        `${what} has ended unexpectedly, and nothing works without it. ${logFile === null ? '' : `Its log is in ${logFile}. `}` +
          'Everything else is stopped. The database and the raw answers are kept; messages in queues and dead letters are as the emulator last saved them. ' +
          'Run `npm start` again: it sends tasks again whose messages are lost.',
      );
    });
  });
}

/** Resolves with a message when another Quotron has taken the schema, after the connection that held it was lost. */
function lostSchema(ended: Promise<boolean>, address: string): Promise<string> {
  return new Promise((resolve) => {
    void ended.then((asked) => {
      if (!asked)
        resolve(
          `The connection to the database at ${address} was lost, and another Quotron holds its schema by now. Everything is stopped; stop the other one, or set DB_NAME to another database.`,
        );
    });
  });
}

/** Base URLs instead of the catalogue's: those of the environment, then the simulator's. `null` when there are none. */
function sourceUrlsOf(
  named: Readonly<Record<string, string>>,
  upstreams: RunningUpstreams | null,
): Record<string, string> | null {
  const simulated = upstreams === null ? [] : catalogue.map(({ id }): [string, string] => [id, upstreams.urlOf(id)]);
  const urls = { ...Object.fromEntries(simulated), ...named };
  return Object.keys(urls).length === 0 ? null : urls;
}

/** The port of the last run where it is free; stores the chosen one. */
async function rememberedPort(
  folder: string,
  settings: LocalSettings,
  name: 'upstreams' | 'dashboard',
  usual: number,
): Promise<number> {
  const file = join(folder, `${name}-port.json`);
  const remembered = readState(file, portsSchema)?.[name];
  const port = await choosePort({
    what: whatListens[name],
    required: settings.ports[name],
    setting: portVariable(name),
    preferred: [remembered, usual],
  });
  writeState(file, { [name]: port });
  return port;
}
