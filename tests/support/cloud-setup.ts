/** The deployed local cloud that tests share: started once, in a state folder of its own, and gone at the end. */
import type { TestProject } from 'vitest/node';
import { settingNames } from '../../core/contracts/settings.ts';
import { freePort } from '../../localstack/ports.ts';
import { startTestCloud, type TestCloudAddresses } from './test-cloud.ts';

/** The origin of a page that is no part of the cloud, and may read its API. */
const pageOrigin = 'https://notebook.example';

declare module 'vitest' {
  interface ProvidedContext {
    cloud: TestCloudAddresses;
    /** Ports of this machine at which a test may receive alerts: over http, and as a server of SMTP. */
    alertPorts: { readonly http: number; readonly smtp: number };
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const ports = { http: await freePort(), smtp: await freePort() };
  // The deployment reads these of its environment.
  process.env[settingNames.alertHosts] = `127.0.0.1:${ports.http}`;
  process.env[settingNames.alertsSmtp] = `smtp://127.0.0.1:${ports.smtp}`;
  process.env[settingNames.alertsFrom] = 'quotron@example.com';
  const cloud = await startTestCloud({ QUOTRON_CORS_ORIGINS: pageOrigin });
  project.provide('cloud', cloud.addresses);
  project.provide('alertPorts', ports);
  return cloud.stop;
}
