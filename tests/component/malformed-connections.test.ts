import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chosenSeed } from '../support/chosen-seed.ts';
import { randomFrom } from '../support/random.ts';
import { requestBytes } from '../support/request-lines.ts';
import { type Server, type ServersProcess, servers, startServersProcess } from '../support/servers-process.ts';

/*
 * What a client may do to a connection beside what it asks for: bodies that contradict themselves, several requests at once,
 * connections that are broken, or held open and never used.
 */
let running: ServersProcess;
beforeAll(async () => {
  running = await startServersProcess();
}, 60_000);
afterAll(() => running.stop());

const targets: Readonly<Record<Server, readonly string[]>> = {
  dashboard: ['/', '/api/v1/livez', '/downloads/bucket/key?X-Amz-Signature=1'],
  simulator: ['/slickcharts/sp500', '/demo-broker/login', '/_control/faults'],
  proxy: ['/', '/yahoo/health', '/yahoo/v7/finance/quote?symbols=AAPL', '/yahoo/k/key/quote/AAPL'],
};
const hostOf = (server: Server) => `Host: 127.0.0.1:${running.ports[server]}\r\n`;

/** The statuses of all that a server answers to these bytes, in order, and whether it has hung up. */
async function exchange(
  server: Server,
  parts: readonly string[],
  end: 'keep' | 'fin',
  done: (statuses: readonly number[]) => boolean = () => false,
) {
  const socket = connect(running.ports[server], '127.0.0.1');
  let got = '';
  socket.on('data', (part: Buffer) => {
    got += part.toString('latin1');
  });
  const statuses = () => [...got.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  for (const part of parts) {
    socket.write(Buffer.from(part, 'latin1'));
    await sleep(5);
  }
  if (end === 'fin') socket.end();
  const until = performance.now() + patienceMs;
  while (!socket.closed && !done(statuses()) && performance.now() < until) await sleep(10);
  const hungUp = socket.closed;
  socket.destroy();
  return { statuses: statuses(), hungUp };
}

const patienceMs = 20_000;
const chunked = 'Transfer-Encoding: chunked\r\n\r\n';
/** What follows the first line and the host of a POST, and what the client does then. */
const bodies: readonly (readonly [name: string, text: string, end: 'keep' | 'fin'])[] = [
  ['a chunk without a size', `${chunked}zz\r\nabc\r\n0\r\n\r\n`, 'keep'],
  ['a chunk of no size that there is', `${chunked}ffffffffffffffffffffff\r\nabc`, 'keep'],
  ['a chunk of less than nothing', `${chunked}3\r\nabc\r\n-1\r\n`, 'keep'],
  ['a chunk that is cut off', `${chunked}3\r\nab`, 'fin'],
  ['a chunk with a long extension', `${chunked}3;${'a'.repeat(40_000)}\r\nabc\r\n0\r\n\r\n`, 'keep'],
  ['a long trailer', `${chunked}0\r\nHost: other\r\nX: ${'a'.repeat(80_000)}\r\n\r\n`, 'keep'],
  ['two lengths of different kinds', `Content-Length: 4\r\n${chunked}0\r\n\r\n`, 'keep'],
  ['a coding that is none of HTTP', 'Transfer-Encoding: zip\r\n\r\nabc', 'keep'],
  ['a body that is shorter than it says', 'Content-Length: 50\r\n\r\nabc', 'fin'],
];

describe.each(servers)('the server of the %s', (server) => {
  it.each(bodies)('refuses %s or hangs up, and keeps serving', async (_, text, end) => {
    for (const target of targets[server]) {
      const { statuses, hungUp } = await exchange(server, [`POST ${target} HTTP/1.1\r\n${hostOf(server)}${text}`], end);
      // The proxy says by a 501 that it has no such route where Yahoo may have one.
      const broken = statuses.filter((status) => status >= 500 && !(server === 'proxy' && status === 501));
      expect([target, broken]).toEqual([target, []]);
      expect([target, hungUp, statuses.length > 0]).toEqual([target, true, true]);
    }
    await running.expectServing(server);
  });

  it('hangs up where a request among others is malformed, and goes on where none is', async () => {
    const [target = '/'] = targets[server];
    const good = `GET ${target} HTTP/1.1\r\n${hostOf(server)}\r\n`;
    const { statuses } = await exchange(server, [good.repeat(5)], 'keep', ({ length }) => length === 5);
    expect(statuses).toHaveLength(5);
    const mixed = await exchange(
      server,
      [`${good}GET // HTTP/1.1\r\n${hostOf(server)}\r\n${good}no request\r\n\r\n`],
      'keep',
    );
    expect(mixed.hungUp).toBe(true);
    expect(mixed.statuses.at(-1)).toBe(400);
    await running.expectServing(server);
  });

  it('survives clients that break connections at any moment', { timeout: 60_000 }, async () => {
    const random = randomFrom(chosenSeed(`Broken connections to the ${server}`));
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        Array.from({ length: 30 }, async () => {
          const socket = connect(running.ports[server], '127.0.0.1');
          socket.on('error', () => undefined);
          const whole = random.chance(0.5)
            ? requestBytes(random, running.ports[server])
            : Buffer.from(`GET ${random.pick(targets[server])} HTTP/1.1\r\n${hostOf(server)}\r\n`);
          await once(socket, 'connect').catch(() => undefined);
          socket.write(whole.subarray(0, random.between(0, whole.length)));
          await sleep(random.between(0, 20));
          if (random.chance(0.5)) socket.resetAndDestroy();
          else socket.destroy();
        }),
      );
    }
    await running.expectServing(server);
  });

  it('serves while hundreds of connections are open that say no more', { timeout: 60_000 }, async () => {
    const begun = [
      '',
      'GET / HT',
      `GET / HTTP/1.1\r\n${hostOf(server)}X: `,
      `POST / HTTP/1.1\r\n${hostOf(server)}Content-Length: 9\r\n\r\na`,
    ];
    const sockets: Socket[] = [];
    for (let at = 0; at < 400; at++) {
      const socket = connect(running.ports[server], '127.0.0.1', () => socket.write(begun[at % begun.length] ?? ''));
      socket.on('error', () => undefined);
      sockets.push(socket);
    }
    await Promise.all(sockets.map((socket) => (socket.connecting ? once(socket, 'connect') : null)));
    await running.expectServing(server);
    for (const socket of sockets) socket.destroy();
  });
});
