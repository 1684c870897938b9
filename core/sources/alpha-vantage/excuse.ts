import type { Failure } from '../../contracts/failure.ts';
import { excuseSchema } from './schema.ts';

/**
 * Why a 200 has no data. That data are absent makes it a failure, however it is worded; the words only decide between
 * reasons: an excuse in unknown words is taken for throttling, an error in unknown words for a bad request.
 *
 * Notes on throttling name the day's limit too, as advertising, so the words of the shorter limits are looked for first.
 */
export function excuseOf(json: unknown): Failure | null {
  const parsed = excuseSchema.safeParse(json);
  if (!parsed.success) return null;
  const { Note: note, Information: information, 'Error Message': error } = parsed.data;
  const said = error ?? note ?? information;
  if (said === undefined) return null;
  if (/api\s?key/i.test(said) && /invalid|missing|demo purposes|claim your free/i.test(said))
    return {
      reason: 'auth_expired',
      detail: { code: 'credentials_refused' },
      message: 'The source does not accept the API key.',
    };
  if (error !== undefined && !/invalid|does not exist|not supported|parameter|symbol/i.test(error))
    return {
      reason: 'bad_request',
      detail: { code: 'unknown_error' },
      message: 'The source answered an error in words that are not known.',
    };
  if (error !== undefined) {
    return {
      reason: 'bad_request',
      detail: { code: 'request_refused' },
      message: 'The source does not take this request: unknown symbol or parameter.',
    };
  }
  if (/per (second|minute)|sparingly|call frequency|burst/i.test(said))
    return {
      reason: 'rate_limited',
      detail: { code: 'rate_limit_notice' },
      message: 'The source says, inside a 200, that it is asked too often.',
    };
  if (/per day|daily/i.test(said))
    return {
      reason: 'quota_exhausted',
      detail: { code: 'day_quota_notice' },
      message: "The source says, inside a 200, that the day's quota is used up.",
    };
  if (/premium endpoint|premium feature/i.test(said))
    return {
      reason: 'bad_request',
      detail: { code: 'plan_excludes_request' },
      message: 'The plan of this API key does not include what was asked for.',
    };
  return {
    reason: 'rate_limited',
    detail: { code: 'unknown_notice' },
    message: 'The source answered words in place of data, inside a 200.',
  };
}
