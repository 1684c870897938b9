import { bindingHelp, type OutsideBinding, outsideBinding } from '../../core/auth/feed-binding.ts';
import type { FeedBinding } from '../../core/contracts/words/access.ts';
import { pathKeyHelp } from '../../core/http/given-key.ts';
import { ProblemError } from '../../core/http/problem.ts';
import { challenge } from '../../core/http/respond.ts';
import { routeNamed } from '../../core/proxy/routes.ts';
import { type ErrorForm, tooManyRequests, yahooError } from '../../core/proxy/yahoo-error.ts';
import type { Admission } from './gate.ts';
import { type AskedOf, plainReply, type Reply } from './reply.ts';

/** Why a request may not go on: what the gate says, or what a feed token is not bound to. */
export type Refusal =
  | Exclude<Admission, { admitted: true }>
  | { readonly admitted: false; readonly why: 'outside'; readonly found: OutsideBinding; readonly feed: FeedBinding };

/** The symbols that the answer to a question is confined to. */
function symbolsOf({ route, symbol, query, body }: AskedOf): readonly string[] {
  if (body !== null) return routeNamed(route)?.body?.symbols(JSON.parse(body)) ?? [];
  return [symbol, query['symbols']].flatMap((text) => text?.split(',') ?? []).filter((text) => text.trim() !== '');
}

/** What a feed token is asked for beyond what it is bound to. */
export function outsideFeed(feed: FeedBinding | null, questions: readonly AskedOf[]): Refusal | null {
  if (feed === null) return null;
  for (const question of questions) {
    const found = outsideBinding(feed, `yahoo/${question.route}`, symbolsOf(question));
    if (found) return { admitted: false, why: 'outside', found, feed };
  }
  return null;
}

/** For people, by why. */
function helpOf(refused: Exclude<Refusal, { why: 'too_fast' }>): string {
  switch (refused.why) {
    case 'no_key':
      return 'Send a Quotron key in x-api-key or as Authorization: Bearer, or put /k/{feed token} after /yahoo in the address.';
    case 'bad_key':
      return 'The Quotron key is unknown, revoked, expired or mistyped.';
    case 'key_in_path':
      return pathKeyHelp;
    case 'licence':
      return 'The licence of Yahoo’s data does not allow the use of this Quotron key. Use a key for internal use.';
    case 'feed':
      return 'This feed token is bound to routes of the API, and to none of the Yahoo proxy.';
    case 'outside':
      return bindingHelp(refused.found, refused.feed);
  }
}

const codes = {
  no_key: 'unauthenticated',
  bad_key: 'invalid_key',
  key_in_path: 'invalid_key',
  licence: 'licence_forbids',
  feed: 'forbidden',
  outside: 'forbidden',
} as const;

/** A refusal as clients of Yahoo read it. */
export function yahooRefusal(route: { readonly name: string } & ErrorForm, refused: Refusal): Reply {
  if (refused.why === 'too_fast')
    return plainReply(route.name, tooManyRequests, { 'retry-after': String(refused.wait) });
  const help = helpOf(refused);
  if (codes[refused.why] === 'forbidden' || refused.why === 'licence')
    return plainReply(route.name, yahooError(route, 403, 'Forbidden', help));
  return plainReply(route.name, yahooError(route, 401, 'Unauthorized', help), { 'www-authenticate': challenge });
}

/** A refusal on the proxy's own routes. */
export function refusalProblem(refused: Refusal): ProblemError {
  if (refused.why === 'too_fast')
    return new ProblemError('rate_limited', `This key has asked too much at once. Wait ${refused.wait} s.`, {
      headers: { 'retry-after': String(refused.wait) },
    });
  return new ProblemError(codes[refused.why], helpOf(refused));
}
