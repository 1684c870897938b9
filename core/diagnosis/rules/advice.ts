/** What several rules advise. */
import { quarantineReasons } from '../../contracts/words/quarantine-reasons.ts';
import type { Complaint } from '../complaints.ts';
import type { Advice } from './rule.ts';

/** A reason of runs is none of rows. */
const ofReason = (reason: string) => (quarantineReasons.some((each) => each === reason) ? ` --reason ${reason}` : '');

export const say = (text: string, command: string | null = null): Advice => ({ text, command });

export const look = (_: Complaint) =>
  say('Read what came: `npx quotron answers <run>` shows the raw answers; the runs are at the end of the report.');

/** Where a picture was kept of the page. */
export const seePictures = ({ samples }: Complaint) =>
  samples.some(({ artifacts }) => artifacts.length > 0)
    ? say('See what the page looked like: its pictures are named at the end of the report.')
    : null;

export const recover = ({ source }: Complaint) =>
  say('Recover it, and have a canary prove it:', `npx quotron recover ${source.id} --wait`);

export const test = ({ source }: Complaint) => say('See whether it works again:', `npx quotron test ${source.id}`);

export const listRows = ({ source, reason }: Complaint) =>
  say('Look at the rows:', `npx quotron quarantine list --source ${source.id}${ofReason(reason)}`);

/** Of quotes that are stored as wrong: a person who knows better dismisses the finding. */
export const listFindings = ({ source }: Complaint) =>
  say(
    'See which prices are stored and not served, and what each should be:',
    `npx quotron findings list --source ${source.id}`,
  );

export const replay = ({ source, reason }: Complaint) =>
  say(
    'Once the parser or the setting is right again, replay the stored answers:',
    `npx quotron quarantine replay --source ${source.id}${ofReason(reason)}`,
  );

export const adaptParser = ({ source }: Complaint) =>
  say(`Adapt core/sources/${source.id}/ (schema.ts, parse.ts) to the new answer and raise the parser's version.`);

export const pause = ({ source }: Complaint) =>
  say('Until then it can be paused:', `npx quotron stop ${source.id} --until <time>`);

export const dropSymbols = (_: Complaint) => say('Take them off the watch list:', 'npx quotron watch remove <symbol>');
