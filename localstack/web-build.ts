import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { LocalCloudError } from './problem.ts';
import { outcomeOf } from './processes.ts';
import { readState, root, writeState } from './state-folder.ts';

/** Where Vite puts the dashboard. */
export const webFolder = join(root, 'web', 'dist');
const recordSchema = z.object({ fingerprint: z.string() });

/** Builds the dashboard when its sources have changed. Returns whether it did. */
export async function buildWeb(signal?: AbortSignal): Promise<boolean> {
  const record = join(root, '.quotron', 'web.json');
  const wanted = fingerprint();
  if (readState(record, recordSchema)?.fingerprint === wanted && existsSync(join(webFolder, 'index.html')))
    return false;
  const bin = join(root, 'node_modules', '.bin');
  const vite = [join(bin, 'vite'), 'build', 'web', '--logLevel', 'warn'];
  const { code, output } = await outcomeOf(join(bin, 'node'), vite, { signal, cwd: root });
  if (code !== 0) {
    throw new LocalCloudError(
      `The dashboard could not be built (vite, exit code ${code}), so there is no page to show. Its last output:\n    ` +
        output.trim().split('\n').slice(-12).join('\n    '),
    );
  }
  writeState(record, { fingerprint: wanted });
  return true;
}

function fingerprint(): string {
  const hash = createHash('sha256');
  for (const file of ['package-lock.json', ...['web', 'core', 'functions/api'].flatMap(sources)]) {
    hash.update(`\0${file}\0`);
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(webFolder))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
