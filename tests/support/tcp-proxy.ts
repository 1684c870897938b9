/**
 * A TCP proxy in this process, between a client and Postgres (or any server), that breaks connections on request. Each
 * fault counts how often it fired, so that a test can require that it did.
 */
import { createServer, connect as openSocket, type Server, type Socket } from 'node:net';

export interface TcpProxyCounts {
  accepted: number;
  /** New connections that were reset at once. */
  refused: number;
  /** Open connections that were reset, by `reset` or at a cut. */
  cut: number;
  /** Chunks that a black hole swallowed, in either direction. */
  swallowed: number;
  /** Chunks that were delayed or sliced. */
  delayed: number;
}

/**
 * Where a connection is cut: when the client sends a statement that begins with `statement`, `before` the server gets it
 * or `after` the server has answered it and before the client gets the answer. `which` chooses among them, by number.
 */
export interface Cut {
  readonly statement: string;
  readonly when: 'before' | 'after';
  readonly which?: (count: number) => boolean;
  /** Called just before the connection is reset, such as to kill its client. */
  readonly strike?: () => void;
}

export interface TcpProxy {
  readonly port: number;
  readonly counts: Readonly<TcpProxyCounts>;
  readonly open: number;
  /** The same URL, through this proxy. */
  through(url: string): string;
  /** Sends a reset on every open connection, to both sides. Gives how many. */
  reset(): number;
  /** While on, each new connection is reset. */
  refuse(on: boolean): void;
  /**
   * While on, nothing passes in either direction and nobody is told: a network that drops packets, or a frozen server.
   * What was swallowed is lost: a connection that was open meanwhile never works again.
   */
  blackHole(on: boolean): void;
  /** Delays each chunk by `ms`, give or take `jitterMs`; `null` ends it. */
  latency(delay: { readonly ms: number; readonly jitterMs: number } | null): void;
  /** Passes on at most `bytes` each `everyMs`, in each direction; `null` ends it. */
  slice(limit: { readonly bytes: number; readonly everyMs: number } | null): void;
  cutAt(cut: Cut | null): void;
  /**
   * The clients of all open connections vanish: the server gets no FIN, no reset and nothing more, as when a container
   * loses its host. Gives how many.
   */
  vanish(): number;
  close(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  vanished: boolean;
  /** The client gets nothing any more, because the answer to a cut statement is under way. */
  cutAtAnswer: boolean;
}

/** Starts a proxy on a free port of 127.0.0.1 to the host and port of `url`. */
export async function startTcpProxy(url: string, random: () => number = Math.random): Promise<TcpProxy> {
  const target = new URL(url);
  const counts: TcpProxyCounts = { accepted: 0, refused: 0, cut: 0, swallowed: 0, delayed: 0 };
  const pairs = new Set<Pair>();
  let refusing = false;
  let swallowing = false;
  let delay: { readonly ms: number; readonly jitterMs: number } | null = null;
  let limit: { readonly bytes: number; readonly everyMs: number } | null = null;
  let cut: Cut | null = null;
  let cuttable = 0;

  const resetPair = (pair: Pair) => {
    if (!pairs.delete(pair)) return;
    counts.cut++;
    pair.client.resetAndDestroy();
    pair.server.resetAndDestroy();
  };

  const strikeAt = (pair: Pair) => {
    if (pairs.has(pair)) cut?.strike?.();
    resetPair(pair);
  };

  /** Whether a chunk of the client is the statement to cut at; counts it. */
  const isCut = (chunk: Buffer): boolean => {
    if (!cut || !chunk.includes(cut.statement)) return false;
    return cut.which?.(cuttable++) ?? true;
  };

  const server: Server = createServer({ noDelay: true }, (client) => {
    counts.accepted++;
    client.on('error', () => undefined);
    if (refusing) {
      counts.refused++;
      client.resetAndDestroy();
      return;
    }
    const upstream = openSocket({ host: target.hostname, port: Number(target.port || 5432), noDelay: true });
    const pair: Pair = { client, server: upstream, vanished: false, cutAtAnswer: false };
    pairs.add(pair);
    upstream.on('error', () => undefined);
    const toServer = passOn(upstream);
    const toClient = passOn(client);
    client.on('data', (chunk) => {
      if (pair.vanished) return;
      if (swallowing) {
        counts.swallowed++;
        return;
      }
      if (isCut(chunk)) {
        if (cut?.when === 'before') {
          strikeAt(pair);
          return;
        }
        pair.cutAtAnswer = true;
      }
      toServer(chunk);
    });
    upstream.on('data', (chunk) => {
      if (pair.vanished) return;
      if (swallowing) counts.swallowed++;
      else if (pair.cutAtAnswer) strikeAt(pair);
      else toClient(chunk);
    });
    client.on('close', () => {
      if (pair.vanished || swallowing) return;
      pairs.delete(pair);
      upstream.destroy();
    });
    upstream.on('close', () => {
      if (swallowing && !pair.vanished) return;
      pairs.delete(pair);
      client.destroy();
    });
  });

  /** Writes in order, each chunk as late and in as small pieces as is asked for now. */
  function passOn(to: Socket): (chunk: Buffer) => void {
    let last: Promise<void> = Promise.resolve();
    return (chunk) => {
      const ms = delay ? Math.max(0, delay.ms + (random() * 2 - 1) * delay.jitterMs) : 0;
      const due = performance.now() + ms;
      const pieces = limit ? Math.ceil(chunk.length / limit.bytes) : 1;
      if (ms > 0 || pieces > 1) counts.delayed++;
      const { bytes, everyMs } = limit ?? { bytes: chunk.length, everyMs: 0 };
      last = last.then(async () => {
        const wait = due - performance.now();
        if (wait > 0) await sleep(wait);
        for (let from = 0; from < chunk.length; from += bytes) {
          if (to.destroyed) return;
          to.write(chunk.subarray(from, from + bytes));
          if (everyMs > 0) await sleep(everyMs);
        }
      });
    };
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy listens on no port.');
  const { port } = address;

  return {
    port,
    counts,
    get open() {
      return pairs.size;
    },
    through(other) {
      const own = new URL(other);
      own.hostname = '127.0.0.1';
      own.port = String(port);
      return own.href;
    },
    reset() {
      const all = [...pairs];
      for (const pair of all) resetPair(pair);
      return all.length;
    },
    refuse(on) {
      refusing = on;
    },
    blackHole(on) {
      swallowing = on;
      // Their clients and the server have missed something; only the silence may end them.
      if (on) return;
      for (const pair of pairs) if (pair.client.destroyed || pair.server.destroyed) drop(pair);
    },
    latency(next) {
      delay = next;
    },
    slice(next) {
      limit = next;
    },
    cutAt(next) {
      cut = next;
      cuttable = 0;
    },
    vanish() {
      const all = [...pairs].filter((pair) => !pair.vanished);
      for (const pair of all) {
        pair.vanished = true;
        pair.client.resetAndDestroy();
      }
      return all.length;
    },
    async close() {
      for (const pair of pairs) drop(pair);
      await new Promise((resolve) => server.close(resolve));
    },
  };

  function drop(pair: Pair): void {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
