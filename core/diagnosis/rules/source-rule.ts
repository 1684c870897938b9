import type { Complaint } from '../complaints.ts';

export interface Advice {
  readonly text: string;
  /** What to type, if it is a command. */
  readonly command: string | null;
}

/** A cause that a complaint may have. The first rule whose evidence is there is the one that is told. */
export interface SourceRule {
  readonly id: string;
  /** For a heading, after the source's name. */
  readonly short: string;
  /** Reasons of runs, or of rows in quarantine, that it can explain. */
  readonly reasons: readonly string[];
  /** The evidence that must be there. Without it, the reason alone is enough. */
  readonly needs?: (complaint: Complaint) => boolean;
  /** In our own words: text of a source goes into samples only. */
  readonly cause: (complaint: Complaint) => string;
  readonly advice: (complaint: Complaint) => readonly Advice[];
  /** 0 to 100: how much of the source comes back. */
  readonly weight: number;
}

/** Of a limit: above this the source was used up by ourselves. */
export const heavyUse = 0.8;
/** Of the rows that a check could compare: this many at one factor are a unit, fewer are accidents. */
export const mostRows = 0.9;

const everySymbol = ({ symbols }: Complaint) => symbols.asked > 0 && symbols.hit >= symbols.asked;
/** Whether everything that was asked for is hit: the job has no success since, or each symbol is. */
export const wholeJob = (complaint: Complaint) => complaint.goodSince === 0 || everySymbol(complaint);
/** How much of a minute's quota was used at most, as a fraction. */
export const minuteUse = ({ source }: Complaint) => source.quota.minute.used / source.quota.minute.limit;
/** How much of the day's quota is used, as a fraction. */
export const dayUse = ({ source }: Complaint) => source.quota.day.used / source.quota.day.limit;
/** `0.85` as `85 %`. */
export const percent = (share: number) => `${Math.round(100 * share)} %`;
/** Advice in words, with the command to type where there is one. */
export const say = (text: string, command: string | null = null): Advice => ({ text, command });

/*
 * Advice that several rules give.
 */

export const readAnswer = ({ samples }: Complaint) =>
  say(`Read what came: the raw answer lies under the blob key${samples.length > 1 ? 's' : ''} below.`);
export const recoverSource = ({ source }: Complaint) =>
  say('Heal it, and have that proven by a canary:', `npx quotron recover ${source.id} --wait`);
export const testSource = ({ source }: Complaint) =>
  say('See whether it works again:', `npx quotron test ${source.id}`);
export const listRows = ({ source, reason }: Complaint) =>
  say('Look at the rows:', `npx quotron quarantine list --source ${source.id} --reason ${reason}`);
export const replayRows = ({ source, reason }: Complaint) =>
  say(
    'When the parser or the setting is right again, read the kept answers anew:',
    `npx quotron quarantine replay --source ${source.id} --reason ${reason}`,
  );
export const adaptParser = ({ source }: Complaint) =>
  say(`Adapt core/sources/${source.id}/ (schema.ts, parse.ts) to the new answer and raise the parser's version.`);
export const stopSource = ({ source }: Complaint) =>
  say('Until then it can be left alone:', `npx quotron stop ${source.id} --until <time>`);
