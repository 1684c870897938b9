import { physicalName, usualPrefix } from '../../core/contracts/installation.ts';
import { kafkaTopics } from '../../core/contracts/kafka.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { pascalCase } from '../../lib/names.ts';

/** A cluster of Kafka, a topic of it, or the group of a follower. */
function kafkaInWords(resource: string, stage: string): string | undefined {
  if (!/Streaming:\w*Cluster|GetAtt":\["Cluster"/.test(resource)) return undefined;
  const installation = { prefix: usualPrefix, stage };
  const { events, dead } = kafkaTopics(installation);
  if (!/:(topic|group)\//.test(resource)) return 'cluster of events';
  if (resource.includes(`/${dead}"`)) return 'topic of dead events';
  if (resource.includes(`/${events}"`)) return 'topic of events';
  return `group of ${new RegExp(`/${physicalName(installation, '')}([\\w-]+)"`).exec(resource)?.[1]}`;
}

/**
 * A resource of a policy in few words, the same for every stage and installation: what it is, not where CDK puts it. Takes an
 * ARN, or the JSON of what a template has in its place.
 */
export function inWords(resource: string, stage: string): string {
  const installation = { prefix: usualPrefix, stage };
  const database = /:dbuser:.*\/(quotron_\w+)/.exec(resource)?.[1];
  if (database) return `user ${database}`;
  const kafka = kafkaInWords(resource, stage);
  if (kafka) return kafka;
  const bucket = /rawbucket/i.test(resource);
  const prefix = /\/((?:raw\/import|raw|artifacts|answers|proxy|history|exports))\/\*/.exec(resource)?.[1];
  if (bucket && prefix) return `${prefix}/*`;
  if (bucket && /\/\*/.test(resource)) return 'all objects';
  if (bucket) return 'the bucket';
  if (resource.includes(physicalName(installation, '*'))) return 'all queues';
  for (const [what, kind] of [
    [/:log-group:|"(\w+Log)[0-9A-F]{8}"/, 'log'],
    [/AlertKeySecret/, 'alert key'],
    [/SessionKeySecret/, 'session key (api)'],
    [/SessionKeyBrowserSecret/, 'session key (browser)'],
    ...catalogue.map(({ id }) => [new RegExp(`Credentials${pascalCase(id)}`), `credentials of ${id}`] as const),
    [/"EventsTopic|:sns:/, 'topic of events'],
    [/DatabaseInstanceSecret/, 'master secret'],
    [/DatabasePreparationFirstKey/, 'first key'],
    [/SettingsSecret/, 'operations'],
    [/MigrateFunctionCurrentVersion/, 'version of migrate'],
    [new RegExp(`StateFunction|:function:${physicalName(installation, 'state')}`), 'state'],
    [new RegExp(`:function:${physicalName(installation, 'yahoo-proxy')}`), 'itself'],
  ] as const) {
    if (what.test(resource)) return kind;
  }
  const queue = new RegExp(`:sqs:.*:${physicalName(installation, '')}([\\w-]+?)(?:\\.fifo)?$`).exec(resource)?.[1];
  return queue ?? resource;
}
