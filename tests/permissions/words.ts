import { physicalName, usualPrefix } from '../../core/contracts/installation.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { pascalCase } from '../../lib/names.ts';

/**
 * A resource of a policy in few words, the same for every stage and installation: what it is, not where CDK puts it. Takes an
 * ARN, or the JSON of what a template has in its place.
 */
export function inWords(resource: string, stage: string): string {
  const database = /:dbuser:.*\/(quotron_\w+)/.exec(resource)?.[1];
  if (database) return `user ${database}`;
  const bucket = /rawbucket/i.test(resource);
  const prefix = /\/((?:raw\/import|raw|artifacts|answers|proxy|history|exports))\/\*/.exec(resource)?.[1];
  if (bucket && prefix) return `${prefix}/*`;
  if (bucket && /\/\*/.test(resource)) return 'all objects';
  if (bucket) return 'the bucket';
  if (resource.includes(physicalName({ prefix: usualPrefix, stage }, '*'))) return 'all queues';
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
    [new RegExp(`StateFunction|:function:${physicalName({ prefix: usualPrefix, stage }, 'state')}`), 'state'],
    [new RegExp(`:function:${physicalName({ prefix: usualPrefix, stage }, 'yahoo-proxy')}`), 'itself'],
  ] as const) {
    if (what.test(resource)) return kind;
  }
  const queue = new RegExp(`:sqs:.*:${physicalName({ prefix: usualPrefix, stage }, '')}([\\w-]+?)(?:\\.fifo)?$`).exec(
    resource,
  )?.[1];
  return queue ?? resource;
}
