import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import {
  type DiagnosisView,
  diagnosisAcceptedSchema,
  diagnosisViewSchema,
  noteBelow,
  reportFileName,
} from '../core/contracts/http/diagnostics.ts';
import { type Common, carryOut, currentFolder, newCommand } from './command.ts';
import { safe, tinted } from './output.ts';
import { CommandError, exitCodes } from './problems.ts';

/** `quotron diagnose`: requests a report and writes it to a file. Exits with 1 when it contains a fault. */
export function diagnoseCommand(): Command {
  return newCommand('diagnose', 'Write a report on what is wrong, why, and what to do', [
    'diagnose',
    'diagnose --output /tmp/report.md',
    'diagnose --output - | less',
  ])
    .option('-o, --output <file>', 'file for the report; - is stdout', reportFileName)
    .action((options: Common & { output: string }) =>
      carryOut(options, async ({ api, out }) => {
        const { id } = await api.request('POST', '/diagnostics', diagnosisAcceptedSchema, {});
        const diagnosis = await api.request('GET', `/diagnostics/${id}`, diagnosisViewSchema);
        const markdown = await api.text(`/diagnostics/${id}`, 'text/markdown');
        const faults = diagnosis.findings.filter(({ effect }) => effect >= noteBelow);
        const code = faults.length > 0 ? exitCodes.failed : exitCodes.ok;
        if (options.output === '-' && !out.json) {
          process.stdout.write(markdown);
          return code;
        }
        const file = options.output === '-' ? null : resolve(currentFolder(), options.output);
        if (file !== null) write(file, markdown);
        out.result({ ...diagnosis, file }, () => `${inShort(diagnosis)}\n\nThe report: ${file}`);
        return code;
      }),
    );
}

function write(file: string, markdown: string): void {
  try {
    writeFileSync(file, markdown);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new CommandError(`${file} cannot be written (${why}). Name another file with --output.`);
  }
}

function inShort({ score, headline, findings }: DiagnosisView): string {
  const lines = findings
    .filter(({ effect }) => effect >= noteBelow)
    .map(({ title, cause, advice }, place) => {
      const step = advice.find(({ command }) => command !== null);
      const todo = step ? `\n   ${safe(step.text)} ${tinted('strong', safe(step.command ?? ''))}` : '';
      return `${place + 1}. ${tinted('strong', safe(title))}\n   ${safe(cause)}${todo}`;
    });
  return [`Score: ${score ?? 'not known'}. ${safe(headline)}`, ...lines].join('\n\n');
}
