/**
 * List prices of AWS in US dollars, without free tiers, discounts and taxes. They were copied from AWS's public price pages
 * and are not asked of AWS: `asOf` says when they were last compared. Other regions differ, most by up to a fifth.
 */
export const listPrices = {
  asOf: '2026-11-30',
  region: 'us-east-1',
  hoursPerMonth: 730,
  /** PostgreSQL on one zone, an hour. A second zone doubles it. */
  databaseHour: new Map([
    ['db.t4g.micro', 0.016],
    ['db.t4g.small', 0.032],
    ['db.t4g.medium', 0.065],
    ['db.t4g.large', 0.129],
    ['db.m7g.large', 0.168],
    ['db.m7g.xlarge', 0.337],
    ['db.r7g.large', 0.239],
    ['db.r7g.xlarge', 0.478],
  ]),
  /** gp3, a GB and month, on one zone. */
  databaseStorageGb: 0.115,
  endpointHour: 0.01,
  endpointGb: 0.01,
  secret: 0.4,
  /** One metric of one alarm, a month: an alarm on an expression costs as many as it has metrics. */
  alarmMetric: 0.1,
  compositeAlarm: 0.5,
  /** A metric of one's own, a month; those without data in an hour cost nothing in it. */
  customMetric: 0.3,
  dashboard: 3,
  logGb: 0.5,
  lambdaMillion: 0.2,
  lambdaGbSecondArm: 0.0000133334,
  lambdaGbSecondX86: 0.0000166667,
  queueMillion: 0.4,
  /** Messages published on a FIFO topic, and a million KB of them (0.017 a GB). */
  topicMillion: 0.3,
  topicMillionKb: 0.017,
  putThousand: 0.005,
  getThousand: 0.0004,
  objectGb: 0.023,
  restMillion: 3.5,
  /** HTTPS requests to CloudFront in North America, where Europe's cost 1.2. */
  pageMillion: 1,
  pageGb: 0.085,
  /** CloudFront functions. */
  edgeMillion: 0.1,
  traceMillion: 5,
  webAcl: 5,
  webAclRule: 1,
  webAclMillion: 0.6,
  kafkaHour: 0.75,
  kafkaPartitionHour: 0.0015,
  kafkaGbIn: 0.1,
  kafkaGbOut: 0.05,
  kafkaGbMonth: 0.1,
  /** A unit of Lambda's pollers that a function on Kafka has for itself, which is up to four pollers. */
  kafkaPollerHour: 0.185,
} as const;
