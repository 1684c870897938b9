import type { Failure } from '../../contracts/failure.ts';
import type { SourceAnswer } from '../parser.ts';
import { wallFailure } from './walls.ts';

/** The 4xx that say that the request itself is wrong. Others are unexplained until someone looks. */
const refusals: ReadonlySet<number> = new Set([400, 405, 406, 411, 413, 414, 415, 416, 417, 422, 428, 431]);

/** Statuses that say what a standard one says: some are of one maker of servers. */
const slowDown: ReadonlySet<number> = new Set([420, 429]);
const sessionEnded: ReadonlySet<number> = new Set([401, 419, 440, 498]);
/** 999 is what Yahoo and others answer to robots. */
const barred: ReadonlySet<number> = new Set([403, 430, 451, 999]);

/**
 * The failure that the transport alone shows, the same for every source; `null` when there is a 200 to read.
 * Messages are of our own words: an upstream's text never reaches a log or a page from here.
 */
export function transportFailure({ response, error }: Pick<SourceAnswer, 'response' | 'error'>): Failure | null {
  // Of anything but a 200 the status says more than what became of the body.
  if (!response || (error && response.status === 200)) {
    switch (error?.code) {
      case 'timeout':
        return {
          reason: 'timeout',
          detail: { code: 'timeout' },
          message: `The source did not answer in time${at(error)}.`,
        };
      case 'refused':
        return {
          reason: 'bad_request',
          detail: { code: 'blocked_address' },
          message: 'The request was not sent: its address is not one of the source.',
        };
      case 'too_large':
        return {
          reason: 'schema_drift',
          detail: { code: 'too_large' },
          message: 'The answer is longer than any answer of this source may be.',
        };
      case 'no_browser':
        return {
          reason: 'unexplained',
          detail: { code: 'no_browser' },
          message: 'There is no browser on this machine to read pages with: install Chrome, or set QUOTRON_CHROMIUM.',
        };
      case 'truncated':
        return {
          reason: 'down',
          detail: { code: 'answer_cut_off' },
          message: 'The source broke the connection before its answer was complete.',
        };
      case 'corrupt_body':
        return {
          reason: 'schema_drift',
          detail: { code: 'corrupt_body' },
          message: 'The answer cannot be unpacked: it is damaged or cut off.',
        };
      case 'no_room':
        return {
          reason: 'unexplained',
          detail: { code: 'no_room' },
          message: 'There is no room in the temporary folder to start a browser. Nothing is wrong with the source.',
        };
      case 'browser_failed':
        return {
          reason: 'unexplained',
          detail: { code: 'browser_failed' },
          message: 'The browser did not start. Nothing is known to be wrong with the source.',
        };
      case 'connection':
        return {
          reason: 'down',
          detail: { code: 'connection_failed' },
          message: `The source could not be reached or broke the connection${at(error)}.`,
        };
      default:
        return {
          reason: 'unexplained',
          detail: { code: 'no_answer' },
          message: 'There is neither an answer nor an error.',
        };
    }
  }
  const { status } = response;
  // A wall is one whatever status it comes with.
  const wall = wallFailure(response);
  if (wall) return wall;
  if (status === 200) {
    if (response.truncated)
      return {
        reason: 'schema_drift',
        detail: { code: 'too_large' },
        message: 'The answer is longer than any answer of this source may be.',
      };
    return isDownload(response)
      ? {
          reason: 'schema_drift',
          detail: { code: 'download' },
          message: 'The source sent a file to be saved in place of an answer.',
        }
      : null;
  }
  const said = `The source answered ${status}`;
  const detail = { code: 'http_status', status } as const;
  if (slowDown.has(status)) return { reason: 'rate_limited', detail, message: `${said}: too many requests.` };
  if (sessionEnded.has(status))
    return { reason: 'auth_expired', detail, message: `${said}: the session or key is not accepted.` };
  if (barred.has(status))
    return { reason: 'blocked', detail, message: `${said}: it takes us for a bot, or forbids this.` };
  if (status === 404 || status === 410)
    return { reason: 'not_found', detail, message: `${said}: it does not know what was asked for.` };
  if (status === 408) return { reason: 'timeout', detail, message: `${said}: it gave up waiting.` };
  if (status >= 300 && status < 400)
    return { reason: 'auth_expired', detail, message: `${said}: it wants a consent or a login first.` };
  if (refusals.has(status))
    return { reason: 'bad_request', detail, message: `${said}: it does not take this request.` };
  if (status >= 500 && status < 600) return { reason: 'down', detail, message: `${said}: it is broken or overloaded.` };
  return { reason: 'unexplained', detail, message: `${said}, which means nothing to this parser.` };
}

/** Where a source was asked, when a setting says where. */
function at({ address }: { readonly address?: string | undefined }): string {
  return address === undefined ? '' : ` at ${address}`;
}

/** Kinds of files that no source answers with, and that a browser saves in place of showing them. */
const saved =
  /^(?:application\/(?:octet-stream|pdf|zip|gzip|x-[\w.-]+|vnd\.[\w.-]+)|image\/(?!svg)|audio\/|video\/|font\/)/i;

/** Whether an answer is a file to be saved. JSON and pages are read whatever their headers call them. */
function isDownload({ headers, body }: Pick<NonNullable<SourceAnswer['response']>, 'headers' | 'body'>): boolean {
  const kind = headers['content-type'] ?? '';
  const attached = /^\s*attachment/i.test(headers['content-disposition'] ?? '');
  if (!attached && !(saved.test(kind) && !/json|javascript|form-urlencoded|[/+]xml\b/i.test(kind))) return false;
  return !/^[\s\ufeff]*[[{<]/.test(body.slice(0, 1_000));
}
