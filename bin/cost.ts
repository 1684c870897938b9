/** `npm run cost`: makes the figures of docs/cost.md from the templates of the stages. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { costPage } from '../lib/cost/cost-page.ts';
import { stageTemplates } from './stage-templates.ts';

const page = resolve(import.meta.dirname, '../docs/cost.md');
const folder = mkdtempSync(join(tmpdir(), 'quotron-cost-'));
try {
  const made = costPage(readFileSync(page, 'utf8'), {
    dev: stageTemplates('dev', folder),
    prod: stageTemplates('prod', folder),
    kafka: stageTemplates('dev', folder, { QUOTRON_EVENTS: 'kafka' }),
    streams: stageTemplates('prod', folder, { QUOTRON_EVENT_STREAMS: 'on' }),
  });
  writeFileSync(page, made);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
