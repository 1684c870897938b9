/** Counts of one container since it started. */
export interface ProxyMetrics {
  /** A request was answered. */
  answered(route: string, cache: string, status: number): void;
  /** What counts the same answer again and again. */
  counter(route: string, cache: string, status: number): () => void;
  /** A request was sent to Yahoo; `outcome` is `ok` or why it failed. */
  upstream(route: string, outcome: string): void;
  /** So many answers were not written to the record. */
  unrecorded(count: number): void;
  /** Counts since the last call, for CloudWatch. */
  takeDeltas(): { stale: number; upstreamFailures: number; unrecorded: number };
  /** In the text format of Prometheus (exposition format 0.0.4), with some current gauges. */
  text(gauges: Readonly<Record<string, { help: string; value: number }>>): string;
}

interface Count {
  value: number;
}

export function createMetrics(): ProxyMetrics {
  const answers = new Map<string, Count>();
  const upstream = new Map<string, Count>();
  const deltas = { stale: 0, upstreamFailures: 0, unrecorded: 0 };
  let unrecorded = 0;
  const countOf = (of: Map<string, Count>, labels: string): Count => {
    const count = of.get(labels) ?? { value: 0 };
    of.set(labels, count);
    return count;
  };
  const answersOf = (route: string, cache: string, status: number) =>
    countOf(answers, `route="${route}",cache="${cache}",status="${status}"`);
  return {
    answered(route, cache, status) {
      if (cache === 'STALE') deltas.stale++;
      answersOf(route, cache, status).value++;
    },
    counter(route, cache, status) {
      const count = answersOf(route, cache, status);
      return () => {
        count.value++;
      };
    },
    upstream(route, outcome) {
      if (outcome !== 'ok') deltas.upstreamFailures++;
      countOf(upstream, `route="${route}",outcome="${outcome}"`).value++;
    },
    unrecorded(count) {
      deltas.unrecorded += count;
      unrecorded += count;
    },
    takeDeltas() {
      const taken = { ...deltas };
      deltas.stale = 0;
      deltas.upstreamFailures = 0;
      deltas.unrecorded = 0;
      return taken;
    },
    text(gauges) {
      const lines = [
        ...family('quotron_proxy_requests_total', 'Requests answered, by route, cache result and status.', answers),
        ...family('quotron_proxy_upstream_requests_total', 'Requests sent to Yahoo, by route and outcome.', upstream),
      ];
      lines.push(
        ...family('quotron_proxy_unrecorded_total', 'Answers that were not written to the record.', [
          ['', { value: unrecorded }],
        ]),
      );
      for (const [name, { help, value }] of Object.entries(gauges))
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`);
      return `${lines.join('\n')}\n`;
    },
  };
}

/** Labels are the proxy's own words and need no escaping. */
function family(name: string, help: string, counts: Iterable<readonly [string, Count]>): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} counter`,
    ...[...counts].map(([labels, { value }]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`),
  ];
}
