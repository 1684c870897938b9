/** Where a page of a list in order of creation begins: behind this row. */
export interface AfterRow {
  readonly createdAt: Date;
  readonly id: string;
}
