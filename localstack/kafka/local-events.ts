/**
 * Events of a local cloud on Kafka: the broker, or the one that `KAFKA_BROKERS` names, the topics, and a poller for each
 * function that follows.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeEventTopics } from '../../core/adapters/kafka/topics.ts';
import { functionNames } from '../../core/contracts/functions.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { kafkaFollowerOutput, kafkaFollowerSchema, kafkaGroup, kafkaTopics } from '../../core/contracts/kafka.ts';
import { usualTries } from '../../core/contracts/queues.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { givenKafka, type KafkaConnection } from '../../core/runtime/kafka-settings.ts';
import { SettingError } from '../../core/runtime/settings.ts';
import type { Cleanup } from '../cleanup.ts';
import type { Functions } from '../functions.ts';
import { LocalCloudError } from '../problem.ts';
import { Step } from '../progress.ts';
import { ownFolder } from '../state-folder.ts';
import { startKafka } from './broker.ts';
import { startPoller } from './poller.ts';

/** A Kafka that runs, with the topics of events. */
export interface LocalKafka {
  readonly connection: KafkaConnection;
  /** The settings by which functions reach it. */
  readonly settings: Readonly<Record<string, string>>;
  readonly logFile: string | null;
  /** Resolves when it has ended: true if it was stopped on purpose. Never, for one that was not started here. */
  readonly ended: Promise<boolean>;
}

interface Options {
  /** The state folder of the cloud. */
  readonly folder: string;
  readonly cleanup: Cleanup;
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

const topics = kafkaTopics(localInstallation);

/** The step that starts it. */
export function kafkaStep(options: Options): Step<LocalKafka> {
  return new Step(
    'Kafka',
    (say) => start(options, say),
    ({ connection }) => connection.brokers.join(','),
  );
}

async function start({ folder, cleanup, signal, env = process.env }: Options, say: (line: string) => void) {
  const given = givenConnection(env);
  const names = Object.values(settingNames).filter((name) => name.startsWith('KAFKA_'));
  const written = Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  let found: LocalKafka;
  if (given === undefined) {
    const own = await startKafka({ dir: join(folder, 'kafka'), say, signal });
    cleanup.add(own.stop);
    found = {
      connection: { brokers: [own.brokers], tls: undefined, sasl: undefined },
      settings: { [settingNames.kafkaBrokers]: own.brokers, [settingNames.kafkaTopic]: topics.events },
      ...{ logFile: own.logFile, ended: own.ended },
    };
  } else {
    found = {
      connection: given,
      settings: { ...written, [settingNames.kafkaTopic]: topics.events },
      ...{ logFile: null, ended: new Promise(() => undefined) },
    };
  }
  await makeEventTopics(found.connection, localInstallation);
  return found;
}

function givenConnection(env: NodeJS.ProcessEnv): KafkaConnection | undefined {
  try {
    return givenKafka(env);
  } catch (error) {
    if (error instanceof SettingError) throw new LocalCloudError(error.message);
    throw error;
  }
}

/** Starts a poller for each function that the stacks let follow. What they say is in `kafka/followers.log`. */
export function startPollers(
  { connection }: LocalKafka,
  of: {
    readonly outputs: Readonly<Record<string, string>>;
    readonly functions: Functions;
    readonly folder: string;
    readonly cleanup: Cleanup;
  },
): void {
  ownFolder(join(of.folder, 'kafka'));
  const log = join(of.folder, 'kafka', 'followers.log');
  for (const [output, value] of Object.entries(of.outputs)) {
    if (!output.startsWith(kafkaFollowerOutput)) continue;
    const follower = kafkaFollowerSchema.parse(JSON.parse(value));
    const name = functionNames.find((each) => each === follower.function);
    if (name === undefined) throw new Error(`the output ${output} names no function`);
    const poller = startPoller({
      ...{ connection, topic: topics.events, deadTopic: topics.dead, types: follower.types },
      ...{ group: kafkaGroup(localInstallation, follower.name), tries: usualTries },
      invoke: (event) => of.functions.invoke(name, event),
      say: (line) => appendFileSync(log, `${new Date().toISOString()} ${line}\n`),
    });
    of.cleanup.add(poller.stop);
  }
}
