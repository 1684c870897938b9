import { look, pause, recover, say, test } from '../advice.ts';
import { allSay } from '../evidence.ts';
import type { SourceRule } from '../rule.ts';

/** No answer, no outcome, or nothing to read pages with. */
export const availabilityRules: readonly SourceRule[] = [
  {
    id: 'servers-failing',
    short: 'its servers fail',
    reasons: ['down'],
    needs: ({ httpStatus }) => httpStatus !== null && httpStatus >= 500,
    cause: ({ httpStatus }) =>
      `The source can be reached and answers ${httpStatus}: its own servers fail. Nothing on our side helps but waiting.`,
    advice: (complaint) => [
      say('It is retried with growing pauses, and recovered automatically when it is back.'),
      recover(complaint),
    ],
    weight: 70,
  },
  {
    id: 'maintenance',
    short: 'it is closed for maintenance',
    reasons: ['down'],
    needs: allSay('maintenance'),
    cause: () =>
      'The source can be reached, and says that it is closed for maintenance. Nothing on our side helps but waiting.',
    advice: (complaint) => [
      say('It is tried again by itself, and recovered automatically when it is back.'),
      test(complaint),
    ],
    weight: 65,
  },
  {
    id: 'waiting-room',
    short: 'it lets us wait in a queue',
    reasons: ['down'],
    needs: allSay('waiting_room'),
    cause: () =>
      'The source can be reached, and shows a queue of visitors in place of its page: it has more than it takes.',
    advice: (complaint) => [
      say('It is tried again by itself, and recovered automatically when the queue is gone.'),
      test(complaint),
    ],
    weight: 65,
  },
  {
    id: 'error-page',
    short: 'it shows an error page',
    reasons: ['down'],
    needs: allSay('error_page', 'page_not_found'),
    cause: ({ samples }) =>
      samples.every(({ detail }) => detail?.code === 'page_not_found')
        ? 'The source can be reached, and shows a page that says that nothing is at this address: the page has moved, or its servers fail.'
        : 'The source can be reached, and shows a page that says that something of its own went wrong.',
    advice: (complaint) => [look(complaint), test(complaint), recover(complaint)],
    weight: 70,
  },
  {
    id: 'host-parked',
    short: 'its host is parked or suspended',
    reasons: ['down'],
    needs: allSay('host_parked'),
    cause: () =>
      'In place of the source answers whoever hosts its name: the name is parked, for sale, expired or suspended. It stays so until its owner does something, or the source has moved.',
    advice: (complaint) => [
      say('See on the web whether the source has moved; if it has, its address is a setting.'),
      look(complaint),
      test(complaint),
    ],
    weight: 75,
  },
  {
    id: 'connection-breaks',
    short: 'it breaks the connection',
    reasons: ['down'],
    needs: allSay('answer_cut_off'),
    cause: () =>
      'The source begins an answer and breaks the connection before it is complete: it is overloaded, or something between it and us cuts long answers.',
    advice: (complaint) => [test(complaint), recover(complaint)],
    weight: 70,
  },
  {
    id: 'unreachable',
    short: 'it cannot be reached',
    reasons: ['down'],
    needs: ({ httpStatus }) => httpStatus === null,
    cause: () =>
      'This source alone cannot be reached, or breaks the connection: it is down, moved, or blocks our address.',
    advice: (complaint) => [say('See whether its address answers from another network.'), recover(complaint)],
    weight: 70,
  },
  {
    id: 'stuck-inside',
    short: 'tasks get no outcome',
    reasons: ['timeout'],
    needs: ({ attempted }) => !attempted,
    cause: () =>
      'Tasks were planned and no worker brought an outcome: the fault is in Quotron (a queue, the workers, the ingest), not at the source.',
    advice: () => [
      say('See which service is stopped and which queue has messages waiting or dead:', 'npx quotron status'),
      say('Look for errors in the logs of the scrapers and of ingest.'),
    ],
    weight: 80,
  },
  {
    id: 'too-slow',
    short: 'it does not answer in time',
    reasons: ['timeout'],
    cause: () =>
      'This source alone takes a request and does not answer within its time: it is overloaded, or holds our connections open on purpose.',
    advice: (complaint) => [test(complaint), recover(complaint), pause(complaint)],
    weight: 70,
  },
  {
    id: 'no-room',
    short: 'the browser has no room',
    reasons: ['unexplained'],
    needs: ({ samples }) => samples.some(({ detail }) => detail?.code === 'no_room'),
    cause: () =>
      'The temporary folder of the browser is full, so no page can be read. Nothing is known to be wrong with the source.',
    advice: (complaint) => [
      say(
        'Make room in the temporary folder (on AWS: raise the ephemeral storage of scrape-browser); it needs 300 MB.',
      ),
      test(complaint),
    ],
    weight: 75,
  },
  {
    id: 'browser-fails',
    short: 'the browser does not start',
    reasons: ['unexplained'],
    needs: ({ samples }) => samples.some(({ detail }) => detail?.code === 'browser_failed'),
    cause: () => 'The browser does not start on this machine. Nothing is known to be wrong with the source.',
    advice: (complaint) => [say('Look for the first error in the log of scrape-browser.'), test(complaint)],
    weight: 75,
  },
  {
    id: 'no-browser',
    short: 'there is no browser',
    reasons: ['unexplained'],
    needs: ({ samples }) => samples.some(({ detail }) => detail?.code === 'no_browser'),
    cause: () => 'There is no Chrome or Chromium on this machine, and this source is read in a browser.',
    advice: (complaint) => [say('Install Chrome, or set QUOTRON_CHROMIUM to one and start again.'), test(complaint)],
    weight: 75,
  },
];
