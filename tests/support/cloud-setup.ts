/** The deployed local cloud that tests share: started once, in a state folder of its own, and gone at the end. */
import type { TestProject } from 'vitest/node';
import { startTestCloud, type TestCloudAddresses } from './test-cloud.ts';

/** The origin of a page that is no part of the cloud, and may read its API. */
const pageOrigin = 'https://notebook.example';

declare module 'vitest' {
  interface ProvidedContext {
    cloud: TestCloudAddresses;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cloud = await startTestCloud({ QUOTRON_CORS_ORIGINS: pageOrigin });
  project.provide('cloud', cloud.addresses);
  return cloud.stop;
}
