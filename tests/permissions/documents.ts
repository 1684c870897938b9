/**
 * Permissions that no scenario can prove here, because the emulator does not ask for them, with the page of AWS that asks for
 * each. Everything else must be in `proven.json`.
 */
export interface Documented {
  /** Matches `<function>: <action> on <resource in words>`. */
  readonly of: RegExp;
  readonly why: string;
  readonly page: string;
}

const lambda = 'https://docs.aws.amazon.com/lambda/latest/dg';

export const documented: readonly Documented[] = [
  {
    of: /: logs:(CreateLogStream|PutLogEvents) on log$/,
    why: 'Lambda writes the log of a function with its role',
    page: `${lambda}/lambda-intro-execution-role.html`,
  },
  {
    of: /^evaluate-alerts: (ec2:Describe(Vpcs|SecurityGroups) on \*|kafka:(DescribeClusterV2|GetBootstrapBrokers) on cluster of events)$/,
    why: 'Lambda finds the cluster of a stage on Kafka, and its network, with the role of the function that follows',
    page: `${lambda}/with-msk-permissions.html`,
  },
  {
    of: /^evaluate-alerts: kafka-cluster:(Connect|DescribeClusterDynamicConfiguration|WriteDataIdempotently|DescribeTopic|ReadData|WriteData|DescribeGroup|AlterGroup) on (cluster|topic|group) of [\w -]+$/,
    why: 'Only a stage on Kafka has a topic, which Lambda reads for a function with its role, and one of dead letters',
    page: 'https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html',
  },
  {
    of: /^(relay-to-kafka|make-topics): kafka-cluster:(Connect|CreateTopic|DescribeTopic|WriteData|WriteDataIdempotently) on (cluster|topic) of [\w ]+$/,
    why: 'Only a stage on Kafka has topics, which one function makes and another writes',
    page: 'https://docs.aws.amazon.com/msk/latest/developerguide/kafka-actions.html',
  },
  {
    of: /: ec2:(CreateNetworkInterface|DescribeNetworkInterfaces|DescribeSubnets|DeleteNetworkInterface|AssignPrivateIpAddresses|UnassignPrivateIpAddresses) on \*$/,
    why: 'Lambda makes the network interface of a function in a VPC with its role',
    page: `${lambda}/configuration-vpc.html`,
  },
  {
    of: /^(?!api:)[\w-]+: sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes) on [\w-]+$/,
    why: 'Lambda reads a queue for a function with its role',
    page: `${lambda}/services-sqs-configure.html`,
  },
  {
    of: /: rds-db:connect on user quotron_\w+$/,
    why: 'RDS lets a role log in by token as the user that its policy names',
    page: 'https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.IAMPolicy.html',
  },
  {
    of: /: xray:(PutTraceSegments|PutTelemetryRecords) on \*$/,
    why: 'Lambda sends traces with the role of the function',
    page: `${lambda}/services-xray.html`,
  },
  {
    of: /^(prepare-database: secretsmanager:GetSecretValue on master secret|(notify|canary): secretsmanager:GetSecretValue on operations)$/,
    why: 'Functions that only AWS runs read their secret',
    page: 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html',
  },
  {
    of: /^prepare-database: secretsmanager:PutSecretValue on first key$/,
    why: 'Only on AWS the first key is put into a secret',
    page: 'https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html',
  },
  {
    of: /^prepare-database: lambda:InvokeFunction on version of migrate$/,
    why: 'Only on AWS a function calls `migrate`',
    page: 'https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html',
  },
  {
    of: /^summarise: bedrock:InvokeModel on /,
    why: 'Only a stage that names a model asks it',
    page: 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html',
  },
  {
    of: /^summarise: lambda:InvokeFunction on state$/,
    why: 'Only a stage that names a model keeps what it wrote',
    page: 'https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html',
  },
  {
    of: /^(api|summarise): sqs:\w+ on summaries(-dead)?$/,
    why: 'Only a stage that names a model has a queue of reports',
    page: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html',
  },
  {
    of: /^deliver-alerts: ses:SendEmail on /,
    why: 'Only a stage that names a sender sends mails',
    page: 'https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html',
  },
];

/** The page of AWS that asks for a permission; `undefined` where it must be proven by running. */
export function documentOf(fn: string, words: string): Documented | undefined {
  return documented.find(({ of }) => of.test(`${fn}: ${words}`));
}
