import { buildWeb } from '../../localstack/web-build.ts';

/** Builds the page once for all browser tests, as it is shipped; not again where it has been built already. */
export default async function setup(): Promise<void> {
  await buildWeb();
}
