import { expect, it } from 'vitest';
import { runNow } from '../../support/pipeline.ts';
import { recoveryWorld } from '../../support/recovery-world.ts';

const of = recoveryWorld();

it('a list of more pages than a minute has requests is read whole, in more than a minute', {
  timeout: 300_000,
}, async () => {
  of.fault('slickcharts', 'paged');
  of.upstreams().control.requests(true);
  const began = performance.now();
  const pipeline = of.world({ symbols: ['^GSPC'] });
  await pipeline.cycle(runNow('constituents', new Date().toISOString(), 'slickcharts'));
  const asked = of.upstreams().control.requests(false)['slickcharts']?.['page'] ?? 0;
  expect(asked).toBeGreaterThan(20);
  expect(performance.now() - began).toBeGreaterThan(60_000);
  expect(await of.all('SELECT status, detail FROM task')).toEqual([{ status: 'succeeded', detail: null }]);
});
