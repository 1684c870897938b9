import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';

/** Keys of AWS: those of the function's role, which Lambda gives by the environment. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** A token is taken for so long. */
const lifetimeSeconds = 900;

/**
 * A token by which MSK knows who connects (SASL/OAUTHBEARER): a request for `kafka-cluster:Connect` that is signed here and
 * never sent, in base64url. Made without a call, so that a function without a way to the internet can.
 */
export async function mskToken(of: {
  readonly region: string;
  readonly keys?: AwsKeys;
  readonly now?: Date;
}): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken } = of.keys ?? keysOf(process.env);
  const host = `kafka.${of.region}.amazonaws.com`;
  const signer = new SignatureV4({
    service: 'kafka-cluster',
    region: of.region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    sha256: Sha256,
    applyChecksum: false,
  });
  const signed = await signer.presign(
    {
      ...{ method: 'GET', protocol: 'https:', hostname: host, path: '/' },
      ...{ headers: { host }, query: { Action: 'kafka-cluster:Connect' } },
    },
    { expiresIn: lifetimeSeconds, ...(of.now && { signingDate: of.now }) },
  );
  const query = Object.entries(signed.query ?? {}).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`,
  );
  // Not signed, as AWS's own signers have it: it says in MSK's logs who connected.
  const url = `https://${host}/?${query.join('&')}&User-Agent=quotron`;
  return Buffer.from(url).toString('base64url');
}

function keysOf(env: Readonly<Record<string, string | undefined>>): AwsKeys {
  const accessKeyId = env['AWS_ACCESS_KEY_ID'];
  const secretAccessKey = env['AWS_SECRET_ACCESS_KEY'];
  if (!accessKeyId || !secretAccessKey)
    throw new Error('There are no keys of AWS in the environment, and a token of MSK is signed with them.');
  return { accessKeyId, secretAccessKey, sessionToken: env['AWS_SESSION_TOKEN'] || undefined };
}
