/** Counts of one container since it started. */
export interface ProxyMetrics {
  /** A request was answered. */
  answered(route: string, cache: string, status: number): void;
  /** A request was sent to Yahoo; `outcome` is `ok` or why it failed. */
  upstream(route: string, outcome: string): void;
  /** Counts since the last call, for CloudWatch. */
  takeDeltas(): { stale: number; upstreamFailures: number };
  /** In the text format of Prometheus (exposition format 0.0.4), with some current gauges. */
  text(gauges: Readonly<Record<string, { help: string; value: number }>>): string;
}

export function createMetrics(): ProxyMetrics {
  const answers = new Map<string, number>();
  const upstream = new Map<string, number>();
  const deltas = { stale: 0, upstreamFailures: 0 };
  const add = (to: Map<string, number>, labels: string) => to.set(labels, (to.get(labels) ?? 0) + 1);
  return {
    answered(route, cache, status) {
      if (cache === 'STALE') deltas.stale++;
      add(answers, `route="${route}",cache="${cache}",status="${status}"`);
    },
    upstream(route, outcome) {
      if (outcome !== 'ok') deltas.upstreamFailures++;
      add(upstream, `route="${route}",outcome="${outcome}"`);
    },
    takeDeltas() {
      const taken = { ...deltas };
      deltas.stale = 0;
      deltas.upstreamFailures = 0;
      return taken;
    },
    text(gauges) {
      const lines = [
        ...family('quotron_proxy_requests_total', 'Requests answered, by route, cache result and status.', answers),
        ...family('quotron_proxy_upstream_requests_total', 'Requests sent to Yahoo, by route and outcome.', upstream),
      ];
      for (const [name, { help, value }] of Object.entries(gauges))
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`);
      return `${lines.join('\n')}\n`;
    },
  };
}

/** Labels are the proxy's own words and need no escaping. */
function family(name: string, help: string, counts: ReadonlyMap<string, number>): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} counter`,
    ...[...counts].map(([labels, count]) => `${name}{${labels}} ${count}`),
  ];
}
