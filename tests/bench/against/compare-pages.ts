/** The page of 503 members in Chromium, as the tree stands and at an earlier commit, in one run. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startUpstreams } from '../../../localstack/upstreams/server.ts';
import { checkOut, commitOf } from '../../support/bundles/trees.ts';
import { root } from '../../support/source-tree.ts';
import { type Comparison, compared } from './comparison.ts';

export const pageArm = 'page of 503 members in Chromium';
/** Pages of a round, after each of which the sides take turns. */
const pagesOfRound = 10;
const warmUp = 2;

/** Nine rounds, say: each with new processes. `say` gets a line as each begins. */
export async function comparePages(revision: string, rounds: number, say: (line: string) => void): Promise<Comparison> {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-against-'));
  const upstreams = await startUpstreams({ port: 0 });
  try {
    const trees = { before: checkOut(commitOf(revision), folder), after: root };
    const pairs: { before: number; after: number }[] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`  ${pageArm}: round ${round} of ${rounds}`);
      const url = upstreams.urlOf('slickcharts');
      const sides = { before: startPages(trees.before, url), after: startPages(trees.after, url) };
      const spent = { before: 0, after: 0 };
      for (let page = 0; page < warmUp + pagesOfRound; page++)
        for (const name of page % 2 === round % 2 ? (['before', 'after'] as const) : (['after', 'before'] as const)) {
          const micros = await sides[name].read();
          if (page >= warmUp) spent[name] += micros / pagesOfRound;
        }
      await Promise.all([sides.before.stop(), sides.after.stop()]);
      pairs.push(spent);
    }
    return compared(pageArm, 'page', pairs);
  } finally {
    await upstreams.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function startPages(checkout: string, url: string) {
  const side = fileURLToPath(new URL('./page-side.ts', import.meta.url));
  const child = spawn(process.execPath, [side, checkout, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'exit');
  return {
    /** Has a page read. Gives its processor time in microseconds. */
    async read(): Promise<number> {
      child.stdin.write('\n');
      const said = await lines.next();
      if (said.done) throw new Error('A page was not read: the figure would mean nothing.');
      return Number(said.value);
    },
    async stop(): Promise<void> {
      child.stdin.end();
      await ended;
    },
  };
}
