import { expect, it } from 'vitest';
import { s3Presigner } from '../../../core/adapters/s3/presigner.ts';

const credentials = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'very secret' };
const key = 'artifacts/demo-broker/2026-11-22/0198a7c0-0000-5000-8000-000000000001/0-1-screenshot.png';

it('a link leads to one object, for five minutes, and shows no secret', async () => {
  const link = new URL(await s3Presigner('raw', { ...credentials, AWS_SESSION_TOKEN: 'token/+=' })(key));
  expect(link.origin + link.pathname).toBe(`https://raw.s3.eu-west-1.amazonaws.com/${key}`);
  expect(Object.fromEntries(link.searchParams)).toMatchObject({
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Expires': '300',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
    'X-Amz-Security-Token': 'token/+=',
    'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(link.searchParams.get('X-Amz-Credential')).toMatch(/^AKIDEXAMPLE\/\d{8}\/eu-west-1\/s3\/aws4_request$/);
  expect(link.href).not.toContain('secret');
});

it('at an emulator, the bucket is in the path', async () => {
  const link = new URL(await s3Presigner('raw', { ...credentials, AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' })(key));
  expect(link.origin + link.pathname).toBe(`http://127.0.0.1:4566/raw/${key}`);
});

it('what is to be saved is an attachment, by what the link is signed for', async () => {
  const link = new URL(await s3Presigner('raw', credentials, { seconds: 900, saved: true })(key));
  expect(Object.fromEntries(link.searchParams)).toMatchObject({
    'response-content-disposition': 'attachment',
    'X-Amz-Expires': '900',
  });
});
