import { Signer } from '@aws-sdk/rds-signer';

/** Signs a login token of RDS for a user, here and without a call. It is taken for 15 minutes. */
export function iamToken(settings: {
  host: string;
  port: number;
  user: string;
  region: string;
}): () => Promise<string> {
  const signer = new Signer({
    hostname: settings.host,
    port: settings.port,
    username: settings.user,
    region: settings.region,
  });
  return () => signer.getAuthToken();
}
