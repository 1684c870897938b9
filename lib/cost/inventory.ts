import * as z from 'zod';

/** What a stage's templates hold that costs money by being there. */
export interface Inventory {
  readonly database: { readonly instanceClass: string; readonly storageGb: number; readonly zones: 1 | 2 };
  /** Zones of all interface endpoints together. */
  readonly endpointZones: number;
  readonly secrets: number;
  /** Metrics of all alarms together. */
  readonly alarmMetrics: number;
  readonly alarms: number;
  readonly compositeAlarms: number;
  readonly dashboards: number;
  /** Queues that Lambda polls: with a limit of concurrency it never polls less. */
  readonly polledQueues: { readonly limited: number; readonly unlimited: number };
  /** By name without prefix and stage. */
  readonly functions: ReadonlyMap<string, FunctionShape>;
  readonly webAclRules: readonly number[];
  readonly kafkaClusters: number;
  /** Functions that read Kafka by pollers of their own. */
  readonly kafkaFollowers: number;
}

export interface FunctionShape {
  readonly memoryMb: number;
  readonly arm: boolean;
  /** Lambda traces what starts it. */
  readonly traced: boolean;
}

const resourceSchema = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) });
const templateSchema = z.object({ Resources: z.record(z.string(), resourceSchema).default({}) });
type Resource = z.infer<typeof resourceSchema>;

/** Kinds of resources that are counted here. */
const counted = [
  'AWS::RDS::DBInstance',
  'AWS::EC2::VPCEndpoint',
  'AWS::SecretsManager::Secret',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Lambda::EventSourceMapping',
  'AWS::Lambda::Function',
  'AWS::WAFv2::WebACL',
  'AWS::MSK::ServerlessCluster',
] as const;

/** Kinds of resources that cost nothing by being there: what goes through some of them is priced by use. */
const free: readonly RegExp[] = [
  /^AWS::IAM::/,
  /^AWS::CDK::/,
  /^AWS::SSM::Parameter$/,
  /^AWS::EC2::(VPC|Subnet|RouteTable|SubnetRouteTableAssociation|SecurityGroup|SecurityGroupIngress|SecurityGroupEgress)$/,
  /^AWS::RDS::(DBSubnetGroup|DBParameterGroup)$/,
  /^AWS::SecretsManager::(SecretTargetAttachment|ResourcePolicy)$/,
  /^AWS::Lambda::(Permission|Version|EventInvokeConfig|LayerVersion|Alias)$/,
  /^AWS::ApiGateway::(RestApi|Stage|Account|Deployment|Resource|Method|GatewayResponse|DomainName|BasePathMapping)$/,
  /^AWS::CloudFront::/,
  /^AWS::CertificateManager::Certificate$/,
  /^AWS::WAFv2::WebACLAssociation$/,
  /^AWS::Events::Rule$/,
  /^AWS::(SQS|SNS|S3|Logs|Budgets)::/,
  /^Custom::/,
];

/** Counts what a stage's templates hold. Throws for a kind of resource whose price is not known here. */
export function inventoryOf(templates: readonly unknown[]): Inventory {
  const resources = templates.flatMap((template) => Object.values(templateSchema.parse(template).Resources));
  const unknown = new Set(
    resources.map(({ Type }) => Type).filter((type) => !isCounted(type) && !free.some((kind) => kind.test(type))),
  );
  if (unknown.size > 0)
    throw new Error(
      `The price of ${[...unknown].join(', ')} is not known. Add it to lib/cost/inventory.ts: counted where it costs something, or free.`,
    );
  const of = (type: (typeof counted)[number]) => resources.filter((resource) => resource.Type === type);
  const alarms = of('AWS::CloudWatch::Alarm');
  const [kafkaMappings, mappings] = partition(
    of('AWS::Lambda::EventSourceMapping'),
    ({ Properties }) => Properties['Topics'] !== undefined,
  );
  const limited = mappings.filter(({ Properties }) => Properties['ScalingConfig'] !== undefined).length;
  return {
    database: databaseOf(of('AWS::RDS::DBInstance')),
    endpointZones: of('AWS::EC2::VPCEndpoint').reduce((sum, { Properties }) => sum + zonesOf(Properties), 0),
    secrets: of('AWS::SecretsManager::Secret').length,
    alarmMetrics: alarms.reduce((sum, { Properties }) => sum + metricsOf(Properties), 0),
    alarms: alarms.length,
    compositeAlarms: of('AWS::CloudWatch::CompositeAlarm').length,
    dashboards: of('AWS::CloudWatch::Dashboard').length,
    polledQueues: { limited, unlimited: mappings.length - limited },
    functions: functionsOf(of('AWS::Lambda::Function')),
    webAclRules: of('AWS::WAFv2::WebACL').map(
      ({ Properties }) => z.array(z.unknown()).parse(Properties['Rules'] ?? []).length,
    ),
    kafkaClusters: of('AWS::MSK::ServerlessCluster').length,
    kafkaFollowers: kafkaMappings.length,
  };
}

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

function isCounted(type: string): boolean {
  return counted.some((each) => each === type);
}

const databaseSchema = z.object({
  DBInstanceClass: z.string(),
  AllocatedStorage: z.coerce.number(),
  StorageType: z.literal('gp3'),
  MultiAZ: z.boolean().default(false),
});

function databaseOf(instances: readonly Resource[]): Inventory['database'] {
  const [instance, ...others] = instances;
  if (!instance || others.length > 0)
    throw new Error(`A stage has one database; these templates have ${instances.length}.`);
  const { DBInstanceClass, AllocatedStorage, MultiAZ } = databaseSchema.parse(instance.Properties);
  return { instanceClass: DBInstanceClass, storageGb: AllocatedStorage, zones: MultiAZ ? 2 : 1 };
}

const endpointSchema = z.object({
  VpcEndpointType: z.string().default('Gateway'),
  SubnetIds: z.array(z.unknown()).default([]),
});

/** Gateway endpoints cost nothing. */
function zonesOf(properties: Resource['Properties']): number {
  const { VpcEndpointType, SubnetIds } = endpointSchema.parse(properties);
  return VpcEndpointType === 'Interface' ? SubnetIds.length : 0;
}

const alarmSchema = z.object({
  Metrics: z.array(z.object({ MetricStat: z.unknown().optional() })).optional(),
});

/** An alarm on an expression pays for each metric in it, not for the expression. */
function metricsOf(properties: Resource['Properties']): number {
  const { Metrics } = alarmSchema.parse(properties);
  return Metrics ? Metrics.filter(({ MetricStat }) => MetricStat !== undefined).length : 1;
}

const functionSchema = z.object({
  FunctionName: z.string().optional(),
  MemorySize: z.number().default(128),
  Architectures: z.array(z.string()).default(['x86_64']),
  TracingConfig: z.object({ Mode: z.string() }).optional(),
});

/** The functions of Quotron; those of CDK run at deployment only. */
function functionsOf(functions: readonly Resource[]): Inventory['functions'] {
  return new Map(
    functions.flatMap(({ Properties }) => {
      const { FunctionName, MemorySize, Architectures, TracingConfig } = functionSchema.parse(Properties);
      const name = /^[a-z0-9]+-(?:dev|prod)-(.+)$/.exec(FunctionName ?? '')?.[1];
      if (name === undefined) return [];
      const shape = {
        memoryMb: MemorySize,
        arm: Architectures.includes('arm64'),
        traced: TracingConfig?.Mode === 'Active',
      };
      return [[name, shape] as const];
    }),
  );
}
