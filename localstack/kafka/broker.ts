/** A real Apache Kafka on this machine: one node in KRaft mode, broker and controller in one, with 512 MB. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { endWithParent } from '../end-with-parent.ts';
import { choosePort, freePort } from '../ports.ts';
import { LocalCloudError } from '../problem.ts';
import { identityOf, lastWords, spawnLogged, stopChild, until, watchEnd } from '../processes.ts';
import { ownFolder, readState, root, writeState } from '../state-folder.ts';
import { kafkaLibraries } from './install.ts';

export interface KafkaOptions {
  /** Where its topics are kept. */
  readonly dir: string;
  /** Must be free. Without it: the port of the last run, 9092, or any free one. */
  readonly port?: number | undefined;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
  /** With TLS and a password, under the name `localhost`; without it neither is asked for. */
  readonly secured?: SecuredListener;
}

/** A certificate with its key and its authority (PEM), and who may sign in, by PLAIN or SCRAM. */
export interface SecuredListener {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  readonly user: string;
  readonly password: string;
}

export interface RunningKafka {
  /** `host:port`, as `KAFKA_BROKERS`. */
  readonly brokers: string;
  readonly port: number;
  readonly logFile: string;
  /** Resolves when it has ended: true if it was stopped on purpose. */
  readonly ended: Promise<boolean>;
  stop(): Promise<void>;
}

const recordSchema = z.object({ port: z.int(), identity: z.string().nullable() });
const startMs = 120_000;

/** Starts it, and waits until it takes connections. */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  const libraries = await kafkaLibraries(options.say, options.signal);
  ownFolder(options.dir);
  const record = join(options.dir, 'kafka.json');
  const earlier = readState(record, recordSchema);
  await endLeftover(earlier?.identity ?? null);
  const port = await choosePort({
    what: 'Kafka',
    required: options.port,
    preferred: [earlier?.port, 9092],
  });
  const properties = join(options.dir, 'server.properties');
  writeFileSync(properties, `${propertiesOf(options, port, await freePort()).join('\n')}\n`, { mode: 0o600 });
  format(libraries, properties, options);
  const logFile = join(options.dir, 'kafka.log');
  const child = spawnLogged('java', [...machine(libraries), 'kafka.Kafka', properties], {
    logFile,
    cwd: options.dir,
    env: process.env,
  });
  endWithParent(child, 'SIGTERM', 15);
  writeState(record, { port, identity: child.pid === undefined ? null : identityOf(child.pid) });
  const { ended, stop, isGone } = watchEnd(child, () => stopChild(child, 'SIGTERM', 20_000));
  const up = await until(async () => isGone() || options.signal?.aborted === true || (await takes(port)), startMs, 100);
  if (up && !isGone() && options.signal?.aborted !== true)
    return { brokers: `${options.secured ? 'localhost' : '127.0.0.1'}:${port}`, port, logFile, ended, stop };
  await stop();
  options.signal?.throwIfAborted();
  throw new LocalCloudError(
    `Kafka ${isGone() ? 'ended at once' : `took no connection on port ${port} within ${startMs / 1000} s`}. Its last words: ` +
      `${lastWords(logFile) || 'none'}. The whole log is in ${logFile}; \`npm run reset\` drops its state.`,
  );
}

/** What the virtual machine is given. */
function machine(libraries: string): string[] {
  return ['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-cp', join(libraries, '*')];
}

function propertiesOf(options: KafkaOptions, port: number, controller: number): string[] {
  return [
    ...['process.roles=broker,controller', 'node.id=1'],
    `controller.quorum.bootstrap.servers=127.0.0.1:${controller}`,
    'controller.listener.names=CONTROLLER',
    ...(options.secured
      ? [
          `listeners=SASL_SSL://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
          `advertised.listeners=SASL_SSL://localhost:${port}`,
          ...securedLines(options.secured),
        ]
      : [
          `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
          `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
        ]),
    `log.dirs=${join(options.dir, 'topics')}`,
    // One node.
    ...['offsets.topic.replication.factor=1', 'offsets.topic.num.partitions=1'],
    ...['transaction.state.log.replication.factor=1', 'transaction.state.log.min.isr=1'],
    'share.coordinator.state.topic.replication.factor=1',
    'group.initial.rebalance.delay.ms=0',
    'auto.create.topics.enable=false',
  ];
}

const scram = 'SCRAM-SHA-512';

function securedLines({ certificate, key, authority, user, password }: SecuredListener): string[] {
  const login = 'org.apache.kafka.common.security';
  const inOneLine = (pem: string) => pem.trim().replaceAll('\n', '\\n');
  return [
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
    ...['inter.broker.listener.name=SASL_SSL', 'sasl.mechanism.inter.broker.protocol=PLAIN'],
    `sasl.enabled.mechanisms=PLAIN,${scram}`,
    `listener.name.sasl_ssl.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required username="${user}" password="${password}" user_${user}="${password}";`,
    `listener.name.sasl_ssl.${scram.toLowerCase()}.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    ...['ssl.keystore.type=PEM', `ssl.keystore.certificate.chain=${inOneLine(certificate)}`],
    `ssl.keystore.key=${inOneLine(key)}`,
    ...['ssl.truststore.type=PEM', `ssl.truststore.certificates=${inOneLine(authority)}`],
  ];
}

/** Prepares the folder of topics at the first start. The cluster's id is 16 bytes. */
function format(libraries: string, properties: string, { dir, secured }: KafkaOptions): void {
  if (existsSync(join(dir, 'topics', 'meta.properties'))) return;
  const id = randomBytes(16).toString('base64url').replace(/^-/, 'A');
  const user = secured ? ['--add-scram', `${scram}=[name=${secured.user},password=${secured.password}]`] : [];
  const made = spawnSync(
    'java',
    [...machine(libraries), 'kafka.tools.StorageTool', 'format', '--standalone', '-t', id, '-c', properties, ...user],
    { encoding: 'utf8', cwd: root, timeout: startMs },
  );
  if (made.status === 0) return;
  throw new LocalCloudError(`Kafka could not prepare its folder ${dir}: ${`${made.stdout}${made.stderr}`.trim()}`);
}

/** After a kill -9 of the process that started it, it may still run. */
async function endLeftover(identity: string | null): Promise<void> {
  if (identity === null) return;
  const pid = Number.parseInt(identity, 10);
  if (identityOf(pid) !== identity) return;
  process.kill(pid, 'SIGTERM');
  await until(() => identityOf(pid) !== identity, 20_000);
}

function takes(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
