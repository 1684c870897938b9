/** `quotron proxy` before a simulated Yahoo of its own. */
import { setQuotas } from '../../core/sources/catalogue.ts';
import {
  type StandaloneOptions,
  type StandaloneProxy,
  startStandalone,
} from '../../functions/yahoo-proxy/standalone.ts';
import { type RunningUpstreams, startUpstreams, type UpstreamsOptions } from '../../localstack/upstreams/server.ts';

export interface SimulatedProxy {
  readonly upstreams: RunningUpstreams;
  readonly proxy: StandaloneProxy;
  stop(): Promise<void>;
}

/** Both, on this machine's own address unless `options` name another. */
export async function startSimulatedProxy(
  options: Partial<StandaloneOptions> = {},
  simulator: Pick<UpstreamsOptions, 'clock' | 'listings'> = {},
): Promise<SimulatedProxy> {
  const upstreams = await startUpstreams({ port: 0, ...simulator });
  const proxy = await startStandalone({
    port: 0,
    host: '127.0.0.1',
    upstream: upstreams.urlOf('yahoo'),
    log: () => undefined,
    heartbeatMs: 0,
    ...options,
  });
  return {
    upstreams,
    proxy,
    async stop() {
      await proxy.stop();
      await upstreams.stop();
      // It sets them for the process, which other files of tests share.
      setQuotas(new Map());
    },
  };
}
