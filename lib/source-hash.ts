import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** SHA-256, in hex, of files and of all files under folders of the checkout, with their names, and of a text. */
export function sourceHash(paths: readonly string[], text = ''): string {
  const hash = createHash('sha256').update(text);
  for (const file of paths.flatMap(filesAt)) {
    hash.update(`\0${file}\0`);
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

function filesAt(path: string): string[] {
  const place = join(root, path);
  if (statSync(place).isFile()) return [path];
  return readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}
