import type { Command } from 'commander';
import { localCloud } from './api.ts';
import { type Common, carryOutAlone, currentFolder, newCommand } from './command.ts';
import type { Check } from './doctor-checks.ts';
import { safe, table, tinted } from './output.ts';
import { exitCodes } from './problems.ts';

/** `quotron doctor`: whether this machine and the installation are in order, and what to do where not. */
export function doctorCommand(): Command {
  return newCommand('doctor', 'Check this machine and the installation: each with what to do', [
    'doctor',
    'doctor --json',
  ]).action((options: Common) =>
    carryOutAlone(options, async (out) => {
      // Imported here, so that no other command loads what starts a local cloud.
      const { everyCheck } = await import('./doctor-checks.ts');
      const checks: Check[] = [];
      for (const check of everyCheck(process.env, localCloud(process.env, currentFolder()))) {
        out.progress(`Looking at ${check.title} …`);
        checks.push({ id: check.id, title: check.title, ...(await check.look()) });
      }
      const failed = checks.filter(({ state }) => state === 'fail');
      out.result({ ok: failed.length === 0, checks }, () => shown(checks));
      return failed.length === 0 ? exitCodes.ok : exitCodes.failed;
    }),
  );
}

const words = {
  ok: tinted('good', 'ok'),
  warn: tinted('fair', 'look'),
  fail: tinted('bad', 'fails'),
  none: tinted('dim', '–'),
};

function shown(checks: readonly Check[]): string {
  const rows = checks.map(({ title, state, found }) => [title, words[state], safe(found)]);
  const advice = checks.flatMap(({ title, todo }) => (todo === null ? [] : [`${title}: ${safe(todo)}`]));
  return [
    table(['check', '', 'found'], rows),
    ...(advice.length > 0 ? [advice.join('\n')] : ['All is in order.']),
  ].join('\n\n');
}
