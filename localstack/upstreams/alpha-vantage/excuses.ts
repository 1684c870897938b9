/** Notices that the real Alpha Vantage has sent instead of data inside a 200, over the years. */

const premium = 'https://www.alphavantage.co/premium/';

/** Too many requests, in its several wordings. Most of them advertise the day's limit too. */
export const throttled: readonly Readonly<Record<string, string>>[] = [
  {
    Note: `Thank you for using Alpha Vantage! Our standard API call frequency is 5 calls per minute and 500 calls per day. Please visit ${premium} if you would like to target a higher API call frequency.`,
  },
  {
    Information: `Thank you for using Alpha Vantage! Please consider spreading out your free API requests more sparingly (1 request per second). You may subscribe to any of the premium plans at ${premium} to lift the free key rate limit (25 requests per day), raise the per-second burst limit, and instantly unlock all premium endpoints`,
  },
  { Note: 'Please slow down. We have noticed unusual traffic and will be back with you shortly.' },
];

/** The day's requests are used up. The real one names the key, too. */
export function dayUsedUp(key: string): Readonly<Record<string, string>> {
  return {
    Information: `We have detected your API key as ${key} and our standard API rate limit is 25 requests per day. Please subscribe to any of the premium plans at ${premium} to instantly remove all daily rate limits.`,
  };
}

export const invalidKey = {
  'Error Message':
    'the parameter apikey is invalid or missing. Please claim your free API key on (https://www.alphavantage.co/support/#api-key). It should take less than 20 seconds.',
} as const;

export function invalidCall(name: string): Readonly<Record<string, string>> {
  return {
    'Error Message': `Invalid API call. Please retry or visit the documentation (https://www.alphavantage.co/documentation/) for ${name}.`,
  };
}
