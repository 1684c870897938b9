/** What a webhook of an alert says: `{type, timestamp, data}`, as Standard Webhooks has it. */
export interface AlertBody {
  readonly type: 'quotron.alert.raised' | 'quotron.alert.test';
  /** When it was raised. ISO 8601. */
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>> & {
    /** For people, on one line. */
    readonly title: string;
    /** For people. */
    readonly text: string;
  };
}

/** The body of a test. */
export function testBody(channel: string, eventId: string, at: Date): AlertBody {
  return {
    type: 'quotron.alert.test',
    timestamp: at.toISOString(),
    data: {
      title: 'A test of Quotron',
      text: `The channel ${JSON.stringify(channel)} works: alerts will arrive here.`,
      event: { id: eventId },
    },
  };
}
