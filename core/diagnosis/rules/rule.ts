import type { Complaint } from '../complaints.ts';
import type { DiagnosisFacts } from '../facts.ts';

/** Something that a person can do, in a sentence. */
export interface Advice {
  readonly text: string;
  /** What to type, if it is a command. */
  readonly command: string | null;
}

/** A cause that a complaint about a source may have. The first rule whose evidence is there gives the cause. */
export interface SourceRule {
  readonly id: string;
  /** For a heading, after the source's name. */
  readonly short: string;
  /** Reasons of runs, or of rows in quarantine, that it can explain. */
  readonly reasons: readonly string[];
  /** The evidence that must be there. Without it, the reason alone is enough. */
  readonly needs?: (complaint: Complaint) => boolean;
  /** In our own words: text of a source appears in samples only. */
  readonly cause: (complaint: Complaint) => string;
  readonly advice: (complaint: Complaint) => readonly Advice[];
  /** 0 to 100: how much of the source works again once the cause is gone. */
  readonly weight: number;
}

/** What a rule on the whole installation found. */
export interface SystemFinding {
  readonly title: string;
  readonly cause: string;
  readonly evidence: readonly string[];
  readonly advice: readonly Advice[];
  readonly sources: readonly string[];
  /** 0 to 100. */
  readonly weight: number;
  /** Complaints about single sources that this explains: the report does not repeat them. */
  readonly explains?: readonly Complaint[];
}

/** What may be wrong with Quotron itself, or with what it runs on. */
export interface SystemRule {
  readonly id: string;
  readonly find: (facts: DiagnosisFacts, complaints: readonly Complaint[]) => readonly SystemFinding[];
}
