/**
 * Postgres on the file system of the folder in the first argument, for a test that started this process where a small one
 * is mounted there. Prints the URL; then takes `fill`, `free` and `stop` as lines, and answers each with a line.
 */
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startDatabase } from '../../localstack/database.ts';

const [folder = ''] = process.argv.slice(2);
const ballast = join(folder, 'ballast');
const database = await startDatabase({ dir: join(folder, 'postgres'), persistent: true });
console.log(`url ${database.url}`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'fill') fill();
  if (line === 'free') rmSync(ballast, { force: true });
  if (line === 'stop') break;
  const { bavail, bsize } = statfsSync(folder);
  console.log(`${line} ${bavail * bsize}`);
}
await database.stop();

/** Writes until there is no room. */
function fill(): void {
  const file = openSync(ballast, 'a');
  try {
    for (const size of [1_048_576, 4_096]) while (writes(file, size));
  } finally {
    closeSync(file);
  }
}

function writes(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) === size;
  } catch {
    return false;
  }
}
