import { type Command, Option } from 'commander';
import { runAcceptedSchema, servicesSchema, sourceSchema } from '../core/contracts/http/operations.ts';
import { runServices } from '../core/contracts/words/services.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { numberOption } from './options.ts';
import { distance, instant, safe } from './output.ts';
import { exitCodes, usageError } from './problems.ts';
import { inWords } from './run.ts';
import { waitForRun } from './wait.ts';

/** `quotron test`: tests whether a source works now, by running one of its jobs. */
export function testCommand(): Command {
  return newCommand('test', 'Test whether a source works now: runs one job and waits for its rows', [
    'test yahoo',
    'test yahoo --job daily-bars',
  ])
    .argument('<source>', 'which source')
    .option('--job <job>', 'which job (default: its quotes)')
    .addOption(new Option('--timeout <seconds>', 'how long to wait').argParser(numberOption(86_400)).default(180))
    .action((name: string, options: Common & { job?: string; timeout: number }) =>
      carryOut(options, async (context) => {
        const { api, out } = context;
        const path = `/sources/${encodeURIComponent(name)}`;
        const source = await api.request('GET', path, sourceSchema);
        const job = options.job ?? (source.jobs.find(({ kind }) => kind === 'quotes') ?? source.jobs[0])?.id;
        if (job === undefined) throw usageError(`${source.title} has no job to run.`);
        const { heldUntil } = source.health;
        if (heldUntil !== null) {
          // A run would wait until then.
          out.result({ source: name, job, works: false, heldUntil, reason: source.health.reason, run: null }, () =>
            [
              `${source.title} was not tested: it gets no requests until ${instant(heldUntil)} (${distance(heldUntil)}).`,
              `It asked for a pause, or the quota of its day is used up${source.health.message === null ? '.' : `: ${safe(source.health.message)}`}`,
            ].join('\n'),
          );
          return exitCodes.failed;
        }
        const { services } = await api.request('GET', '/services', servicesSchema);
        const stopped = services
          .filter((each) => !each.running && runServices.includes(each.id))
          .map((each) => each.id);
        if (stopped.length > 0) {
          const [first] = stopped;
          out.result({ source: name, job, works: false, heldUntil, stopped, reason: null, run: null }, () =>
            [
              `${source.title} was not tested: the ${stopped.length === 1 ? 'service' : 'services'} ${stopped.join(' and ')} ${stopped.length === 1 ? 'is' : 'are'} stopped, and a run would wait for that.`,
              `Start it: \`quotron start ${first}\`.`,
            ].join('\n'),
          );
          return exitCodes.failed;
        }
        const { id } = await api.request('POST', `${path}/run`, runAcceptedSchema, { job });
        const run = await waitForRun(id, `${name} ${job}`, context, options.timeout * 1000);
        const works = run.status === 'succeeded' && run.accepted > 0;
        const { accepted, rejected, reason } = run;
        out.result({ source: name, job, works, reason, accepted, rejected, run }, () =>
          [works ? `${source.title} works.` : `${source.title} does not work.`, inWords(run)].join('\n'),
        );
        return works ? exitCodes.ok : exitCodes.failed;
      }),
    );
}
