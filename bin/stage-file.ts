import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as z from 'zod';
import {
  type CloudStage,
  type StageFile,
  type StagePlace,
  stageFileName,
  stageFileSchema,
} from '../core/contracts/stage-file.ts';
import { prefixOf } from './stages.ts';

/** The file is malformed. */
export class StageFileError extends Error {
  override readonly name = 'StageFileError';
}

/** Where the file is: in the checkout, one for each prefix, or at `QUOTRON_STAGES_FILE`. */
export function stageFile(env: Readonly<Record<string, string | undefined>>): string {
  return resolve(env['QUOTRON_STAGES_FILE'] || resolve(import.meta.dirname, '..', stageFileName(prefixOf(env))));
}

/** What the file says; nothing where there is none. */
export function readStageFile(file: string): StageFile {
  if (!existsSync(file)) return {};
  const parsed = stageFileSchema.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new StageFileError(`${file} is malformed. Correct it:\n${z.prettifyError(parsed.error)}`);
}

/** Sets where a stage is, or takes it out. */
export function writeStagePlace(file: string, stage: CloudStage, place: StagePlace | undefined): void {
  const text = JSON.stringify({ ...readStageFile(file), [stage]: place }, null, 2);
  const part = `${file}.part`;
  writeFileSync(part, `${text}\n`);
  renameSync(part, file);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
