import { type Command, Option } from 'commander';
import { type IncidentView, incidentSchema } from '../core/contracts/http/recovery.ts';
import { causeMeanings, whyInWords, whyOf } from '../core/contracts/words/causes.ts';
import { runReasons } from '../core/contracts/words/run-reasons.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { limitOption } from './options.ts';
import { distance, fields, instant, safe, status, table } from './output.ts';
import { exitCodes } from './problems.ts';

interface Options extends Common {
  readonly source?: string;
  readonly reason?: string;
  readonly status?: string;
  readonly limit: number;
}

/** `quotron incidents`: what is or was wrong with sources. */
export function incidentsCommand(): Command {
  return newCommand('incidents', 'What is or was wrong with sources, the latest first; of one, its evidence', [
    'incidents --status open',
    'incidents --source yahoo --limit 10',
    'incidents 0198a7c0-0000-5000-8000-000000000001',
  ])
    .argument('[id]', 'one incident with its evidence')
    .option('--source <source>', 'of one source')
    .addOption(new Option('--reason <reason>', 'for one reason').choices(runReasons))
    .addOption(new Option('--status <status>', 'open or resolved').choices(['open', 'resolved']))
    .addOption(limitOption(50))
    .action((id: string | undefined, options: Options) =>
      carryOut(options, async ({ api, out }) => {
        if (id !== undefined) {
          const one = await api.request('GET', `/incidents/${encodeURIComponent(id)}`, incidentSchema);
          out.result(one, () => inDetail(one));
          return exitCodes.ok;
        }
        const query = { sourceId: options.source, reason: options.reason, status: options.status };
        const found = await api.list('/incidents', query, incidentSchema, options.limit);
        out.result(found, () => (found.length === 0 ? 'There is no incident.' : shown(found)));
        return exitCodes.ok;
      }),
    );
}

function shown(incidents: readonly IncidentView[]): string {
  return table(
    ['id', 'source', 'why', 'status', 'opened', 'last seen', 'failures'],
    incidents.map((each) => [
      each.id,
      safe(each.sourceId),
      whyInWords(each) ?? '',
      status(each.status),
      distance(each.openedAt),
      distance(each.lastSeenAt),
      String(each.count),
    ]),
    40,
    ['failures'],
  );
}

function inDetail(incident: IncidentView): string {
  return [
    fields({
      source: safe(incident.sourceId),
      why: whyInWords(incident),
      meaning: incident.cause === null ? null : causeMeanings[incident.cause],
      status: status(incident.status),
      opened: instant(incident.openedAt),
      'last seen': instant(incident.lastSeenAt),
      resolved: incident.resolvedAt === null ? null : instant(incident.resolvedAt),
      failures: String(incident.count),
    }),
    table(
      ['at', 'run', 'failure', 'message'],
      incident.evidence.map((each) => [
        instant(each.at),
        each.runId ?? '–',
        whyOf({ reason: incident.reason, detail: each.detail }),
        safe(each.message ?? ''),
      ]),
    ),
  ].join('\n\n');
}
