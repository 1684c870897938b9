import { type Installation, stackPrefix } from '../../core/contracts/installation.ts';
import { resourcePath, type Template, type TemplateResource } from './assembly.ts';
import { standingUsd } from './price.ts';
import type { StackState } from './stacks.ts';

/** A stack that is there: its template, and what its resources are called in AWS, by their ids in the template. */
export interface LiveStack {
  readonly state: StackState;
  readonly template: Template;
  /** The template as text, for what it reads of other stacks. */
  readonly text: string;
  readonly physicalIds: ReadonlyMap<string, string>;
}

/** Something that is still there afterwards. */
export interface Staying {
  readonly what: string;
  /** Its name or ARN in AWS. */
  readonly id: string;
  /** Dollars a month; `null` where it depends on what is in it. */
  readonly usd: number | null;
  readonly note: string;
}

export interface RemovalPlan {
  /** Stacks that are deleted, in this order. */
  readonly going: readonly LiveStack[];
  /** Stacks that stay as they are, and can be updated. */
  readonly kept: readonly LiveStack[];
  readonly staying: readonly Staying[];
  /** The database's name in AWS, where there is one. */
  readonly database: string | null;
  /** Deleted by RDS itself, before its stack. */
  readonly deletesDatabase: boolean;
  /** Of a database that holds what people may want back. */
  readonly takesSnapshot: boolean;
}

/** What is deleted with its stack in prod, because `quotron destroy` does so before: the stack would keep it. */
const ofDatabase = ['AWS::RDS::DBInstance', 'AWS::RDS::DBSubnetGroup'];

/**
 * What a removal deletes and what it leaves. `prod` keeps the stack of its data, and the stacks which that one reads,
 * unless `deleteDatabase` says otherwise. Pure.
 */
export function planRemoval(
  installation: Installation,
  stacks: readonly LiveStack[],
  deleteDatabase: boolean,
  databaseGb: number | null,
): RemovalPlan {
  const { stage } = installation;
  const keepsData = stage === 'prod' && !deleteDatabase;
  const kept = keepsData ? withWhatItReads(stacks, installation, 'Storage') : [];
  const going = consumersFirst(
    stacks.filter((stack) => !kept.includes(stack)),
    installation,
  );
  const database = physicalOf(stacks, 'AWS::RDS::DBInstance');
  const staying = [
    ...kept.flatMap((stack) => standing(stack, databaseGb)),
    ...going.flatMap((stack) => retained(stack, stage === 'prod' && deleteDatabase)),
    {
      what: 'CDK bootstrap of the account and region',
      id: 'CDKToolkit',
      usd: null,
      note: 'files of deployments, cents a month; other apps use it',
    },
  ];
  return {
    ...{ going, kept, staying, database },
    deletesDatabase: stage === 'prod' && deleteDatabase && database !== null,
    takesSnapshot: stage === 'prod' && database !== null,
  };
}

/** A stack and all stacks that it reads. */
function withWhatItReads(stacks: readonly LiveStack[], installation: Installation, part: string): LiveStack[] {
  const found = new Set<LiveStack>();
  const take = (name: string) => {
    const stack = stacks.find(({ state }) => state.part === name);
    if (stack === undefined || found.has(stack)) return;
    found.add(stack);
    for (const next of readsOf(stack, installation)) take(next);
  };
  take(part);
  return stacks.filter((stack) => found.has(stack));
}

/** The stacks whose outputs a stack reads: by import, or by name. */
function readsOf({ text, state }: LiveStack, installation: Installation): string[] {
  const named = [...text.matchAll(new RegExp(`"${stackPrefix(installation)}(\\w+)(?::[^"]*)?"`, 'g'))];
  return [...new Set(named.map((match) => match[1] ?? ''))].filter((part) => part !== state.part);
}

/** CloudFormation deletes no stack while another one reads it. */
function consumersFirst(stacks: readonly LiveStack[], installation: Installation): LiveStack[] {
  const left = [...stacks];
  const ordered: LiveStack[] = [];
  while (left.length > 0) {
    const free = left.findIndex(
      (stack) => !left.some((other) => other !== stack && readsOf(other, installation).includes(stack.state.part)),
    );
    // Stacks that read each other cannot be; whatever CloudFormation says of them then is shown.
    ordered.push(...left.splice(Math.max(0, free), 1));
  }
  return ordered;
}

function physicalOf(stacks: readonly LiveStack[], type: string): string | null {
  for (const { template, physicalIds } of stacks)
    for (const [id, resource] of template.Resources) if (resource.Type === type) return physicalIds.get(id) ?? null;
  return null;
}

/** What costs of a stack that stays. */
function standing(stack: LiveStack, databaseGb: number | null): Staying[] {
  const resources = [...stack.template.Resources];
  const of = (type: string) => resources.filter(([, resource]) => resource.Type === type);
  const id = (logical: string) => stack.physicalIds.get(logical) ?? logical;
  const note = `stays in ${stack.state.name}`;
  const alarms = of('AWS::CloudWatch::Alarm').length;
  const secrets = of('AWS::SecretsManager::Secret');
  return [
    ...of('AWS::RDS::DBInstance').map(([logical, { Properties }]) => {
      const gigabytes = databaseGb ?? Number(Properties.get('AllocatedStorage'));
      const instanceClass = String(Properties.get('DBInstanceClass'));
      const zones = Properties.get('MultiAZ') === true ? 2 : 1;
      const what = `database (${instanceClass}, ${gigabytes} GB)`;
      return { what, id: id(logical), usd: standingUsd.database(instanceClass, gigabytes, zones), note };
    }),
    ...of('AWS::EC2::VPCEndpoint').flatMap(([logical, { Properties }]) => {
      const subnets = Properties.get('SubnetIds');
      const zones = Array.isArray(subnets) ? subnets.length : 0;
      if (zones === 0) return [];
      return [{ what: 'endpoint of the VPC for SQS', id: id(logical), usd: standingUsd.endpoint(zones), note }];
    }),
    ...of('AWS::S3::Bucket').map(([logical]) => bucket(id(logical), note)),
    ...(secrets.length === 0
      ? []
      : [{ what: `${secrets.length} secrets`, id: '', usd: secrets.length * standingUsd.secret, note }]),
    ...(alarms === 0 ? [] : [{ what: `${alarms} alarms`, id: '', usd: alarms * standingUsd.alarm, note }]),
  ];
}

/** What CloudFormation keeps of a stack that it deletes. */
function retained(stack: LiveStack, databaseGoes: boolean): Staying[] {
  return [...stack.template.Resources]
    .filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain')
    .filter(([, { Type }]) => !(databaseGoes && ofDatabase.includes(Type)))
    .map(([logical, resource]) => kept(stack.physicalIds.get(logical) ?? logical, logical, resource));
}

function kept(id: string, logical: string, resource: TemplateResource): Staying {
  switch (resource.Type) {
    case 'AWS::S3::Bucket':
      return bucket(id, `remove it with: aws s3 rb --force s3://${id}`);
    case 'AWS::SecretsManager::Secret':
      return {
        what: `secret ${resourcePath(logical, resource)}`,
        ...{ id, usd: standingUsd.secret },
        note: `remove it with: aws secretsmanager delete-secret --secret-id ${id}`,
      };
    case 'AWS::ApiGateway::Account':
      return {
        what: 'setting of API Gateway for its logs',
        id: '',
        usd: 0,
        note: 'one for the whole account and region',
      };
    case 'AWS::IAM::Role':
      return { what: 'role of API Gateway for its logs', id, usd: 0, note: 'one for the whole account and region' };
    default:
      return { what: resource.Type, id, usd: null, note: '' };
  }
}

function bucket(id: string, note: string): Staying {
  return { what: `raw answers (${standingUsd.bucketGb} a GB)`, id, usd: null, note };
}

/** Kinds of resources that people know by name; the rest is counted. */
const nouns: readonly (readonly [type: string, one: string, many: string])[] = [
  ['AWS::RDS::DBInstance', 'database', 'databases'],
  ['AWS::S3::Bucket', 'bucket', 'buckets'],
  ['AWS::EC2::VPC', 'VPC', 'VPCs'],
  ['AWS::SecretsManager::Secret', 'secret', 'secrets'],
  ['AWS::CloudFront::Distribution', 'CloudFront distribution', 'CloudFront distributions'],
  ['AWS::ApiGateway::RestApi', 'API', 'APIs'],
  ['AWS::Lambda::Function', 'function', 'functions'],
  ['AWS::SQS::Queue', 'queue', 'queues'],
  ['AWS::CloudWatch::Alarm', 'alarm', 'alarms'],
  ['AWS::SNS::Topic', 'topic', 'topics'],
  ['AWS::Budgets::Budget', 'budget', 'budgets'],
];

/** What a stack holds, for people: `1 database, 2 secrets and 21 others`. */
export function contentsInWords({ template }: LiveStack): string {
  const all = [...template.Resources.values()];
  const counted = nouns.flatMap(([type, one, many]) => {
    const count = all.filter(({ Type }) => Type === type).length;
    return count === 0 ? [] : [{ count, words: `${count} ${count === 1 ? one : many}` }];
  });
  const others = all.length - counted.reduce((sum, { count }) => sum + count, 0);
  const words = [
    ...counted.map((each) => each.words),
    ...(others === 0 ? [] : [`${others} ${others === 1 ? 'other' : 'others'}`]),
  ];
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
