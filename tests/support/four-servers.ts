/**
 * A process with every HTTP server of Quotron that a person runs on a machine: the dashboard's before an emulator that
 * takes anything, the simulated sources, and the standalone proxy before them. Prints `{dashboard, simulator, proxy}`, their
 * ports, and ends when its standard input does.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStandalone } from '../../functions/yahoo-proxy/standalone.ts';
import { startDashboard } from '../../localstack/dashboard-server.ts';
import { startUpstreams } from '../../localstack/upstreams/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'servers-'));
writeFileSync(join(folder, 'index.html'), 'the page');
const emulator = createServer((request, response) => {
  request.resume();
  response.end('{}');
});
await new Promise<void>((resolve) => emulator.listen(0, '127.0.0.1', resolve));
const address = emulator.address();
const emulatorUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
const dashboard = await startDashboard({
  port: 0,
  folder,
  apiUrl: `${emulatorUrl}/stage`,
  emulatorUrl,
  gateSecret: null,
});
const simulator = await startUpstreams({ port: 0, controlKey: () => 'key' });
const proxy = await startStandalone({
  port: 0,
  host: '127.0.0.1',
  upstream: simulator.urlOf('yahoo'),
  log: (line) => process.stderr.write(`${line}\n`),
  heartbeatMs: 0,
});
process.stdout.write(
  `${JSON.stringify({ dashboard: dashboard.port, simulator: simulator.port, proxy: Number(new URL(proxy.url).port) })}\n`,
);
process.stdin.resume();
process.stdin.once('end', () => {
  rmSync(folder, { recursive: true });
  process.exit(0);
});
