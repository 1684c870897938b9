import { describe, expect, it } from 'vitest';
import { givenKafka } from '../../../core/runtime/kafka-settings.ts';

const brokers = { KAFKA_BROKERS: 'one:9092, [::1]:9093' };

describe('the settings of Kafka', () => {
  it('are none without brokers', () => {
    expect(givenKafka({})).toBeUndefined();
    expect(givenKafka({ KAFKA_BROKERS: ' , ' })).toBeUndefined();
  });

  it('name brokers, without TLS and without a sign-in unless they say so', () => {
    expect(givenKafka(brokers)).toEqual({ brokers: ['one:9092', '[::1]:9093'], tls: undefined, sasl: undefined });
    expect(givenKafka({ ...brokers, KAFKA_SECURITY_PROTOCOL: 'ssl' })).toMatchObject({ tls: {}, sasl: undefined });
  });

  it('sign in by a password', () => {
    const sasl = { KAFKA_SASL_MECHANISM: 'scram-sha-512', KAFKA_SASL_USERNAME: 'quotron', KAFKA_SASL_PASSWORD: 'open' };
    expect(givenKafka({ ...brokers, KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', ...sasl })).toMatchObject({
      tls: { ca: undefined },
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'quotron', password: 'open' },
    });
  });

  it('sign in by the role of the function', () => {
    const iam = { KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'AWS_MSK_IAM', AWS_REGION: 'eu-west-1' };
    expect(givenKafka({ ...brokers, ...iam })?.sasl).toEqual({ mechanism: 'AWS_MSK_IAM', region: 'eu-west-1' });
  });

  it.each([
    ['a broker without a port', { KAFKA_BROKERS: 'one' }, /KAFKA_BROKERS names "one"/],
    ['an unknown protocol', { ...brokers, KAFKA_SECURITY_PROTOCOL: 'TLS' }, /KAFKA_SECURITY_PROTOCOL is "TLS"/],
    [
      'an unknown mechanism',
      { ...brokers, KAFKA_SECURITY_PROTOCOL: 'SASL_SSL', KAFKA_SASL_MECHANISM: 'GSSAPI' },
      /KAFKA_SASL_MECHANISM is "GSSAPI"/,
    ],
    [
      'a mechanism without a password',
      { ...brokers, KAFKA_SECURITY_PROTOCOL: 'SASL_PLAINTEXT', KAFKA_SASL_USERNAME: 'quotron' },
      /KAFKA_SASL_PASSWORD is not set/,
    ],
    [
      'a file that is not there',
      { ...brokers, KAFKA_SECURITY_PROTOCOL: 'SSL', KAFKA_CA_FILE: '/no/such.pem' },
      /KAFKA_CA_FILE names \/no\/such\.pem/,
    ],
  ])('refuse %s', (_, env, why) => {
    expect(() => givenKafka(env)).toThrow(why);
  });
});
