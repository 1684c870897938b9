import { Command } from 'commander';
import { openedValiditySchema } from '../core/contracts/http/market.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { safe } from './output.ts';
import { exitCodes, usageError } from './problems.ts';

interface ChangeOptions extends Common {
  readonly currency?: string;
  readonly minorFactor?: string;
  readonly renamed?: string;
  readonly another?: boolean;
  readonly name?: string;
  readonly from?: string;
}

/** `quotron listings`: what symbols mean from a day on. */
export function listingsCommand(): Command {
  return new Command('listings')
    .description('What symbols mean: open a new currency, symbol or instrument')
    .addCommand(change());
}

function change(): Command {
  return newCommand('change', 'Open what a symbol means from a day on', [
    'listings change CPX.L --currency USD --from 2026-11-23',
    'listings change FB --renamed META --from 2022-06-09',
  ])
    .argument('<symbol>', 'the canonical symbol')
    .option('--currency <code>', 'it trades in this currency')
    .option('--minor-factor <number>', 'the venue quotes in units of which 100 or 1000 make one of it')
    .option('--renamed <symbol>', 'it has this symbol')
    .option('--another', 'the symbol means another instrument')
    .option('--name <text>', 'what that is called')
    .option('--from <date>', 'from this day on; today unless given')
    .action((symbol: string, options: ChangeOptions) =>
      carryOut(options, async ({ api, out }) => {
        const opened = await api.request(
          'POST',
          `/instruments/${encodeURIComponent(symbol)}/change`,
          openedValiditySchema,
          { ...bodyOf(options), ...(options.from === undefined ? {} : { from: options.from }) },
        );
        out.result(opened, () =>
          safe(
            opened.symbol === opened.formerSymbol
              ? `From ${opened.from} on ${opened.symbol} is another listing, in ${opened.currency}.`
              : `From ${opened.from} on ${opened.formerSymbol} is ${opened.symbol}.`,
          ),
        );
        return exitCodes.ok;
      }),
    );
}

function bodyOf({ currency, minorFactor, renamed, another, name }: ChangeOptions): Record<string, unknown> {
  if (renamed !== undefined && currency === undefined && !another) return { change: 'symbol', to: renamed };
  if (another && renamed === undefined)
    return {
      change: 'instrument',
      ...(name === undefined ? {} : { name }),
      ...(currency === undefined ? {} : { currency }),
    };
  if (currency !== undefined && renamed === undefined)
    return { change: 'currency', currency, ...(minorFactor === undefined ? {} : { minorFactor: Number(minorFactor) }) };
  throw usageError('Say one change: --currency, --renamed or --another.');
}
