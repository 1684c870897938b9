import type { Command } from 'commander';
import * as z from 'zod';
import { type ExchangeView, exchangeSchema } from '../core/contracts/http/market.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { distance, due, safe, table, tinted } from './output.ts';
import { exitCodes } from './problems.ts';

/** `quotron exchanges`: the venues with prices, whether they trade, and how fresh their prices are. */
export function exchangesCommand(): Command {
  return newCommand('exchanges', 'Exchanges with prices: whether they trade, and how fresh their prices are', [
    'exchanges',
    'exchanges --json',
  ]).action((options: Common) =>
    carryOut(options, async ({ api, out }) => {
      const exchanges = await api.request('GET', '/exchanges', z.array(exchangeSchema));
      out.result(exchanges, () => (exchanges.length === 0 ? 'There are no prices yet.' : shown(exchanges)));
      return exitCodes.ok;
    }),
  );
}

function shown(exchanges: readonly ExchangeView[]): string {
  return table(
    ['venue', 'name', 'now', '', 'prices', 'stale', 'newest'],
    exchanges.map((exchange) => [
      safe(exchange.mic),
      safe(exchange.name),
      exchange.open ? tinted('good', 'open') : tinted('dim', 'closed'),
      changes(exchange),
      String(exchange.instruments),
      exchange.stale === 0 ? '0' : tinted('fair', String(exchange.stale)),
      distance(exchange.newestAsOf),
    ]),
    40,
    ['prices', 'stale'],
  );
}

/** When it opens or closes next; nothing where nothing closes it. */
function changes({ open, session }: ExchangeView): string {
  if (session === null) return '';
  return open ? `closes ${due(session.closesAt)}` : `opens ${due(session.opensAt)}`;
}
