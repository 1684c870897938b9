import type { ConnectionOptions } from '@platformatic/kafka';
import type { KafkaConnection } from '../../runtime/kafka-settings.ts';
import { mskToken } from './msk-token.ts';

/** How clients of `@platformatic/kafka` connect. A broker that is away costs seconds: the next tick tries again. */
export function clientOptions(connection: KafkaConnection, clientId: string) {
  const { brokers, tls, sasl } = connection;
  const secured: ConnectionOptions = {
    ...(tls && { tls: tls.ca === undefined ? {} : { ca: tls.ca } }),
    ...(sasl && { sasl: saslOf(sasl) }),
  };
  return {
    ...{ clientId, bootstrapBrokers: [...brokers] },
    ...{ connectTimeout: 2_000, requestTimeout: 8_000, timeout: 5_000, retryDelay: 250 },
    ...secured,
  };
}

function saslOf(sasl: NonNullable<KafkaConnection['sasl']>): NonNullable<ConnectionOptions['sasl']> {
  if (sasl.mechanism === 'AWS_MSK_IAM')
    // Made for each connection: a token is good for a quarter of an hour.
    return { mechanism: 'OAUTHBEARER', token: () => mskToken({ region: sasl.region }) };
  const { mechanism, username, password } = sasl;
  return { mechanism, username, password };
}
