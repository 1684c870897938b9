/** The folder of what the tests synthesize, gone at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    infraFolder: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-infra-'));
  project.provide('infraFolder', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
