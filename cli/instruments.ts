import { type Command, Option } from 'commander';
import { instrumentSchema } from '../core/contracts/http/market.ts';
import { assetClasses } from '../core/market/instrument.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { limitOption } from './options.ts';
import { safe, table } from './output.ts';
import { exitCodes } from './problems.ts';
import { howToAdd } from './symbols.ts';

/** `quotron instruments`: what there are prices of. */
export function instrumentsCommand(): Command {
  return newCommand('instruments', 'Instruments by symbol or name', [
    'instruments',
    'instruments vodafone',
    'instruments --class crypto --json',
  ])
    .argument('[search]', 'a symbol or a part of a name')
    .addOption(new Option('--class <class>', 'of one asset class').choices(assetClasses))
    .addOption(limitOption(50, 100_000))
    .action((search: string | undefined, options: Common & { class?: string; limit: number }) =>
      carryOut(options, async ({ api, out }) => {
        const query = { query: search, assetClass: options.class };
        const found = await api.list('/instruments', query, instrumentSchema, options.limit);
        out.result(found, () =>
          found.length === 0
            ? 'No instrument matches.'
            : table(
                ['symbol', 'class', 'venue', 'currency', 'name'],
                found.map((each) => [
                  safe(each.symbol),
                  each.assetClass,
                  safe(each.exchange),
                  safe(each.currency),
                  safe(each.name ?? ''),
                ]),
                60,
              ),
        );
        if (found.length === options.limit) out.progress(`There may be more: --limit ${options.limit * 10}.`);
        if (found.length > 0 || search === undefined) return exitCodes.ok;
        if (/^\S+$/.test(search)) out.progress(howToAdd(search.toUpperCase()));
        return exitCodes.failed;
      }),
    );
}
