import { Annotations, CfnOutput, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnServerlessCluster } from 'aws-cdk-lib/aws-msk';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Trigger } from 'aws-cdk-lib/triggers';
import type { Construct } from 'constructs';
import { physicalName } from '../../core/contracts/installation.ts';
import { kafkaTopics } from '../../core/contracts/kafka.ts';
import { acknowledgeCdkRole, isAwsCaller } from '../cdk-functions.ts';
import type { Network } from '../constructs/network.ts';
import { QuotronFunction } from '../constructs/quotron-function.ts';
import { kafkaMonth } from '../cost/monthly-price.ts';
import { RunbookAlarm } from '../monitoring/runbook-alarm.ts';
import type { CloudSettings } from '../stage-settings.ts';

/** Where brokers of MSK take clients that sign in by IAM. */
const iamPort = Port.tcp(9098);

/**
 * The Kafka of a stage's events, MSK Serverless, in the subnets of the VPC. Who signs in is known by IAM alone, and only
 * members of the group `clients` and of the cluster's own group (which the pollers of Lambda get) reach it. It has no way out,
 * and needs no endpoint: tokens are signed by the function itself, and Lambda's pollers invoke functions by a way of their own.
 */
export class StreamingStack extends Stack {
  readonly cluster: CfnServerlessCluster;
  /** `host:port` of the brokers, separated by commas. */
  readonly brokers: string;
  /** The group of functions that may open a connection. */
  readonly clients: SecurityGroup;
  private readonly brokersGroup: SecurityGroup;
  private readonly settings: CloudSettings;

  constructor(scope: Construct, id: string, settings: CloudSettings, network: Network) {
    super(scope, id, { description: `Quotron (${settings.stage}): events on Kafka` });
    this.settings = settings;
    const { vpc } = network;
    const group = (name: string, description: string) =>
      new SecurityGroup(this, name, { vpc, description, allowAllOutbound: false });
    const own = group('Brokers', 'Kafka of Quotron');
    this.brokersGroup = own;
    this.clients = group('Clients', 'Quotron functions that publish on Kafka');
    own.addIngressRule(this.clients, iamPort, 'Functions that publish');
    this.clients.addEgressRule(own, iamPort, 'Kafka');
    own.addIngressRule(own, iamPort, 'Pollers of Lambda');
    own.addEgressRule(own, iamPort, 'Pollers of Lambda');
    this.cluster = new CfnServerlessCluster(this, 'Cluster', {
      clusterName: physicalName(settings, 'events'),
      clientAuthentication: { sasl: { iam: { enabled: true } } },
      vpcConfigs: [
        {
          // Both zones: MSK Serverless wants two.
          subnetIds: vpc.isolatedSubnets.map(({ subnetId }) => subnetId),
          securityGroups: [own.securityGroupId],
        },
      ],
    });
    // What can be read again for a week can be lost with its stack: the outbox has what was not published.
    this.cluster.applyRemovalPolicy(RemovalPolicy.DESTROY);
    this.brokers = this.lookedUp();
    this.makeTopics(network);
    this.alarm();
    Annotations.of(this).addWarningV2(
      'quotron:kafka-price',
      `Events on Kafka (${settings.stage}) cost ${kafkaMonth.toFixed(0)} US dollars a month more by list price, before traffic: MSK Serverless, its partitions and Lambda's poller (docs/cost.md). QUOTRON_EVENTS=sns costs its use.`,
    );
    // What a follower of one's own needs (docs/consuming-events.md).
    new CfnOutput(this, 'KafkaBrokers', { value: this.brokers });
    new CfnOutput(this, 'KafkaCluster', { value: this.cluster.attrArn });
    new CfnOutput(this, 'KafkaClients', { value: this.clients.securityGroupId });
  }

  /** Lets `fn` open a connection by a token of its role, and sets where. It has to be in the group `clients`, too. */
  grantSignIn(fn: QuotronFunction): void {
    fn.allow(['kafka-cluster:Connect'], [this.cluster.attrArn]);
    fn.addSetting('kafkaBrokers', this.brokers);
    fn.addSetting('kafkaSecurityProtocol', 'SASL_SSL');
    fn.addSetting('kafkaSaslMechanism', 'AWS_MSK_IAM');
  }

  /** By a function inside, in this stack's deployment: those that publish and follow come after it. */
  private makeTopics(network: Network): void {
    const make = new QuotronFunction(this, {
      ...{ name: 'make-topics', settings: this.settings, network, groups: [this.clients], memoryMb: 256 },
      description: 'Makes the topics of events on Kafka, at deployment',
    });
    this.grantSignIn(make);
    const { events, dead } = kafkaTopics(this.settings);
    make.allow(
      ['kafka-cluster:CreateTopic', 'kafka-cluster:DescribeTopic'],
      [events, dead].map((topic) => this.arnOf('topic', topic)),
    );
    new Trigger(this, 'Topics', { handler: make.lambda, executeAfter: [make, this.clients, this.brokersGroup] });
  }

  /** ARN of a topic, or of the group of a follower. */
  arnOf(kind: 'topic' | 'group', name: string): string {
    const parts = Fn.split(':cluster/', this.cluster.attrArn, 2);
    return `${parts[0]}:${kind}/${parts[1]}/${name}`;
  }

  /** How far the follower `group` is behind, in seconds. */
  lagOf(group: string): Metric {
    return this.metric('EstimatedMaxTimeLag', {
      'Consumer Group': group,
      Topic: kafkaTopics(this.settings).events,
    });
  }

  /** CloudFormation does not know the brokers of a cluster: a function of CDK, outside the VPC, asks MSK at deployment. */
  private lookedUp(): string {
    const asked = new AwsCustomResource(this, 'BrokersOfCluster', {
      onUpdate: {
        ...{ service: 'Kafka', action: 'getBootstrapBrokers', parameters: { ClusterArn: this.cluster.attrArn } },
        physicalResourceId: PhysicalResourceId.of(physicalName(this.settings, 'brokers')),
        outputPaths: ['BootstrapBrokerStringSaslIam'],
      },
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({ actions: ['kafka:GetBootstrapBrokers'], resources: [this.cluster.attrArn] }),
      ]),
      installLatestAwsSdk: false,
      timeout: Duration.minutes(2),
      logGroup: new LogGroup(this, 'LookUpLog', {
        retention: this.settings.logRetention,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
    });
    for (const caller of this.node.children.filter(isAwsCaller)) acknowledgeCdkRole(caller);
    return asked.getResponseField('BootstrapBrokerStringSaslIam');
  }

  private alarm(): void {
    const { stage } = this.settings;
    new RunbookAlarm(this, 'DeadEvents', {
      metric: this.metric('MessagesInPerSec', { Topic: kafkaTopics(this.settings).dead }),
      // One event in a quarter of an hour.
      threshold: 0.001,
      says: `An event (${stage}) failed five times at a follower and is on the topic of dead letters.`,
      heading: 'Dead letters: topic of events',
    });
  }

  private metric(metricName: string, more: Readonly<Record<string, string>>): Metric {
    return new Metric({
      ...{ namespace: 'AWS/Kafka', metricName, statistic: 'Maximum', period: Duration.minutes(5) },
      dimensionsMap: { 'Cluster Name': physicalName(this.settings, 'events'), ...more },
    });
  }
}
