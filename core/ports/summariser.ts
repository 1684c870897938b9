/** Who writes a short summary of a report: a language model. */
export interface Summariser {
  /** The model's id, as the report names it. */
  readonly model: string;
  /** A few sentences on a report. Throws when the model cannot be had or says nothing. */
  summarise(report: string): Promise<string>;
}
