import { existsSync, readFileSync } from 'node:fs';
import { settingNames } from '../contracts/settings.ts';
import { SettingError } from './settings.ts';

/** Where a Kafka is, and how one signs in there. */
export interface KafkaConnection {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** With TLS; `ca` is the certificate (PEM) of an authority of one's own. */
  readonly tls: { readonly ca: string | undefined } | undefined;
  readonly sasl:
    | {
        readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
        readonly username: string;
        readonly password: string;
      }
    | { readonly mechanism: 'AWS_MSK_IAM'; readonly region: string }
    | undefined;
}

/** The four values of Kafka's own `security.protocol`. */
const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
/** Kafka's `sasl.mechanism`, and the name by which AWS's clients know the tokens of IAM. */
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'AWS_MSK_IAM'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The settings `KAFKA_…`, or `undefined` where no brokers are named. Throws for what is malformed, and where a mechanism lacks
 * what it needs, so that it shows at the start and not as a connection that never opens.
 */
export function givenKafka(env: Environment = process.env): KafkaConnection | undefined {
  const text = (name: keyof typeof settingNames) => env[settingNames[name]] || undefined;
  const brokers = (text('kafkaBrokers') ?? '').split(',').flatMap((each) => each.trim() || []);
  if (brokers.length === 0) return undefined;
  for (const broker of brokers)
    if (!/^[\w.-]+:\d{1,5}$|^\[[\da-f:]+\]:\d{1,5}$/i.test(broker))
      throw new SettingError(settingNames.kafkaBrokers, `names ${JSON.stringify(broker)}, which is not host:port`);
  const protocol = oneOf(protocols, 'kafkaSecurityProtocol', text('kafkaSecurityProtocol') ?? 'PLAINTEXT');
  const certificate = text('kafkaCaFile');
  return {
    brokers,
    tls: protocol.endsWith('SSL') ? { ca: certificate === undefined ? undefined : read(certificate) } : undefined,
    sasl: protocol.startsWith('SASL') ? saslOf(env) : undefined,
  };
}

/** The same for whoever cannot do without: throws where no brokers are named. */
export function kafkaConnection(env: Environment = process.env): KafkaConnection {
  const given = givenKafka(env);
  if (given) return given;
  throw new SettingError(settingNames.kafkaBrokers, 'names no broker');
}

function saslOf(env: Environment): KafkaConnection['sasl'] {
  const text = (name: keyof typeof settingNames) => env[settingNames[name]] || undefined;
  const mechanism = oneOf(mechanisms, 'kafkaSaslMechanism', text('kafkaSaslMechanism') ?? 'PLAIN');
  if (mechanism === 'AWS_MSK_IAM') return { mechanism, region: env['AWS_REGION'] ?? 'us-east-1' };
  const needed = (name: 'kafkaSaslUsername' | 'kafkaSaslPassword') => {
    const value = text(name);
    if (value !== undefined) return value;
    throw new SettingError(settingNames[name], `is not set, and ${mechanism} needs it`);
  };
  return { mechanism, username: needed('kafkaSaslUsername'), password: needed('kafkaSaslPassword') };
}

function oneOf<const Value extends string>(
  values: readonly Value[],
  name: keyof typeof settingNames,
  text: string,
): Value {
  const found = values.find((value) => value === text.toUpperCase());
  if (found !== undefined) return found;
  throw new SettingError(settingNames[name], `is ${JSON.stringify(text)}, and not one of ${values.join(', ')}`);
}

function read(file: string): string {
  if (existsSync(file)) return readFileSync(file, 'utf8');
  throw new SettingError(settingNames.kafkaCaFile, `names ${file}, and there is no such file`);
}
