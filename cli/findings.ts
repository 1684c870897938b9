import { Command, Option } from 'commander';
import { type FindingView, findingSchema, findingsDecidedSchema } from '../core/contracts/http/findings.ts';
import { findingSeverities, findingStatuses, priceRules } from '../core/contracts/words/price-findings.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { numberOption } from './options.ts';
import { count, safe, table } from './output.ts';
import { exitCodes, usageError } from './problems.ts';

interface ListOptions extends Common {
  readonly symbol?: string;
  readonly source?: string;
  readonly rule?: string;
  readonly severity?: string;
  readonly status: string;
  readonly limit: number;
}

/** `quotron findings`: what speaks against rows that are stored. */
export function findingsCommand(): Command {
  return new Command('findings')
    .description('What speaks against stored prices and actions: list it, accept or dismiss it')
    .addCommand(list())
    .addCommand(decide('accept', 'Accept findings: their proposals repair the rows', 'accepted'))
    .addCommand(decide('dismiss', 'Dismiss findings: their rows are served again', 'dismissed'));
}

function list(): Command {
  return newCommand('list', 'Findings, newest first', ['findings list --symbol VOD.L --severity wrong'])
    .option('--symbol <symbol>', 'of one symbol')
    .option('--source <source>', 'of one source')
    .addOption(new Option('--rule <rule>', 'of one rule').choices(priceRules))
    .addOption(new Option('--severity <severity>', 'of one severity').choices(findingSeverities))
    .addOption(new Option('--status <status>', 'of one status').choices(findingStatuses).default('open'))
    .addOption(new Option('--limit <findings>', 'how many').argParser(numberOption(10_000)).default(50))
    .action((options: ListOptions) =>
      carryOut(options, async ({ api, out }) => {
        const { symbol, source: sourceId, rule, severity, status } = options;
        const query = { symbol, sourceId, rule, severity, status };
        const found = await api.list('/findings', query, findingSchema, options.limit);
        out.result(found, () =>
          found.length === 0
            ? 'There is no such finding.'
            : table(
                ['id', 'symbol', 'source', 'row', 'rule', 'severity', 'evidence', 'proposal'],
                found.map((finding) => [
                  finding.id,
                  safe(finding.subject.symbol ?? '–'),
                  finding.subject.source,
                  rowOf(finding),
                  finding.rule,
                  finding.severity,
                  finding.evidence.code,
                  proposalOf(finding),
                ]),
                80,
              ),
        );
        return exitCodes.ok;
      }),
    );
}

function decide(verb: 'accept' | 'dismiss', description: string, status: 'accepted' | 'dismissed'): Command {
  return newCommand(verb, description, [`findings ${verb} 1234 1235`])
    .argument('<ids...>', 'the findings, as `findings list` names them')
    .action((ids: string[], options: Common) =>
      carryOut(options, async ({ api, out }) => {
        if (ids.some((id) => !/^\d{1,18}$/.test(id)))
          throw usageError('The id of a finding is a number: `quotron findings list` shows it.');
        const decided = await api.request('POST', `/findings/${verb}`, findingsDecidedSchema, { ids });
        out.result(decided, () => `${count(decided.ids.length, 'finding')} of ${ids.length} ${status}.`);
        return decided.ids.length > 0 ? exitCodes.ok : exitCodes.failed;
      }),
    );
}

function rowOf({ subject: { kind, interval, date, at } }: FindingView): string {
  return [kind, interval, date ?? at].filter((part) => part !== null).join(' ');
}

function proposalOf({ proposal }: FindingView): string {
  if (proposal === null) return '–';
  return proposal.to === null ? 'drop' : safe(`${proposal.field} ${proposal.from} → ${proposal.to}`);
}
