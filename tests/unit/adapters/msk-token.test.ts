/** The token by which one signs in to MSK: what AWS's documents on Signature Version 4 say, computed here by hand. */
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mskToken } from '../../../core/adapters/kafka/msk-token.ts';

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const now = new Date('2026-11-30T12:34:56Z');

const urlOf = (token: string) => new URL(Buffer.from(token, 'base64url').toString('utf8'));
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** The signature of a presigned URL, step by step. */
function signatureOf(url: URL, region: string): string {
  const signed = [...url.searchParams].filter(([name]) => name !== 'X-Amz-Signature' && name !== 'User-Agent');
  const encode = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
  const query = signed
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const nothing = createHash('sha256').update('').digest('hex');
  const canonical = ['GET', '/', query, `host:${url.host}\n`, 'host', nothing].join('\n');
  const scope = `20261130/${region}/kafka-cluster/aws4_request`;
  const toSign = [
    ...['AWS4-HMAC-SHA256', '20261130T123456Z', scope],
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const key = ['20261130', region, 'kafka-cluster', 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${keys.secretAccessKey}`,
  );
  return hmac(key, toSign).toString('hex');
}

describe('a token of MSK', () => {
  it.each(['us-east-1', 'eu-central-1'])(
    'is a request to connect to Kafka in %s, signed for a quarter of an hour',
    async (region) => {
      const token = await mskToken({ region, keys, now });
      expect(token).toMatch(/^[\w-]+$/);
      const url = urlOf(token);
      expect([url.protocol, url.host, url.pathname]).toEqual(['https:', `kafka.${region}.amazonaws.com`, '/']);
      expect(Object.fromEntries(url.searchParams)).toEqual({
        Action: 'kafka-cluster:Connect',
        'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
        'X-Amz-Credential': `AKIDEXAMPLE/20261130/${region}/kafka-cluster/aws4_request`,
        'X-Amz-Date': '20261130T123456Z',
        'X-Amz-Expires': '900',
        'X-Amz-SignedHeaders': 'host',
        'X-Amz-Signature': signatureOf(url, region),
        'User-Agent': 'quotron',
      });
    },
  );

  it('of a role has its session token, which is signed too', async () => {
    const url = urlOf(await mskToken({ region: 'us-east-1', keys: { ...keys, sessionToken: 'a/b+c==' }, now }));
    expect(url.searchParams.get('X-Amz-Security-Token')).toBe('a/b+c==');
    expect(url.searchParams.get('X-Amz-Signature')).toBe(signatureOf(url, 'us-east-1'));
  });
});
