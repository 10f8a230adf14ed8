import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Platform } from 'aws-cdk-lib/aws-ecr-assets';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { DnsRecordType } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';
import { imagePlatform } from '../images.ts';
import type { ServiceDefinition } from '../services/definition.ts';
import { type Firewall, ports } from './firewall.ts';
import { metricsNamespaceOf } from './names.ts';
import type { PlatformVpc } from './platform-vpc.ts';
import { readSecret } from './secret-access.ts';
import type { ServiceCluster } from './service-cluster.ts';

export interface FargateServiceProps {
  definition: ServiceDefinition;
  image: ecs.ContainerImage;
  variables: Record<string, string>;
  secrets: Record<string, ISecret>;
  stage: Stage;
  network: { vpc: PlatformVpc; firewall: Firewall };
  cluster: ServiceCluster;
}

export const taskPlatform = Platform.custom(imagePlatform);
/** That Fargate has. */
const smallest = { cpuUnits: 256, memoryMebibytes: 512 } as const;
const cpuTargetPercent = 60;
const scaleInCooldown = Duration.minutes(5);
/** People move to other tasks before these go; nobody is cut off by a quiet minute. */
const socketScaleInCooldown = Duration.minutes(10);
/** For how long a caller may take an address for that of a task: less than a target's drain, in which the task still answers. */
const addressTtl = Duration.seconds(10);
/**
 * How long a target of the load balancer drains before ECS asks its task to stop: requests are short, and sockets have moved by
 * then. A Spot task goes two minutes after its notice, whatever is open.
 */
const drainSeconds = { requests: 30, sockets: 110 };

/** A service on Fargate behind the load balancer: ARM64, a root that cannot be written to, scaled by what it is busy with. */
export class FargateService extends Construct {
  readonly service: ecs.FargateService;
  readonly targetGroup: elb.ApplicationTargetGroup;
  readonly taskRole: ecs.FargateTaskDefinition['taskRole'];
  /** Sockets of a task, for services that hold any. */
  readonly connectedSockets: cloudwatch.Metric | undefined;
  /** Milliseconds until others have an edit, at the slowest task. */
  readonly editLatency: cloudwatch.Metric | undefined;
  /** Alarms in its log, for services that write any. */
  readonly loggedAlarms: cloudwatch.Metric | undefined;

  constructor(scope: Construct, id: string, props: FargateServiceProps) {
    super(scope, id);
    const { definition, stage, cluster } = props;
    const log = new logs.LogGroup(this, 'Logs', {
      retention: stage.monitoring.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const task = this.#task(props, log);
    if (definition.sockets) {
      const { connected, editLatency, dimensions } = definition.sockets.metrics;
      const own = { namespace: metricsNamespaceOf(stage), dimensionsMap: dimensions };
      this.connectedSockets = new cloudwatch.Metric({
        ...own,
        metricName: connected,
        statistic: cloudwatch.Stats.AVERAGE,
        period: Duration.minutes(1),
      });
      this.editLatency = new cloudwatch.Metric({
        ...own,
        metricName: editLatency,
        statistic: cloudwatch.Stats.MAXIMUM,
        period: Duration.minutes(5),
      });
    }
    this.loggedAlarms = definition.alarm && loggedAlarms(log, props);
    this.taskRole = task.taskRole;
    this.service = new ecs.FargateService(this, 'Service', {
      cluster: cluster.cluster,
      taskDefinition: task,
      capacityProviderStrategies: strategyOf(definition, stage),
      vpcSubnets: props.network.vpc.serviceSubnets,
      securityGroups: [props.network.firewall.groupOf('services', this)],
      assignPublicIp: false,
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { enable: true, rollback: true },
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      healthCheckGracePeriod: Duration.seconds(60),
      enableExecuteCommand: stage.services.shellAccess,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
      enableECSManagedTags: true,
      cloudMapOptions: {
        name: definition.name,
        cloudMapNamespace: cluster.namespace,
        dnsRecordType: DnsRecordType.A,
        dnsTtl: addressTtl,
      },
    });
    if (definition.sockets) this.#mayAskAboutItself(cluster);
    // On deletion the other way round: providers that a service uses cannot be taken from the cluster.
    this.service.node.addDependency(cluster.cluster);
    this.targetGroup = this.#targetGroup(props);
    cluster.listener.addAction(definition.name, {
      priority: definition.priority,
      conditions: [elb.ListenerCondition.pathPatterns([...definition.paths])],
      action: elb.ListenerAction.forward([this.targetGroup]),
    });
    this.#scale(props);
  }

  /** Whether ECS wants a task of it to stop, which tasks with sockets must know before their target is drained. */
  #mayAskAboutItself({ cluster }: ServiceCluster): void {
    const { stack } = this.service;
    this.taskRole.addToPrincipalPolicy(
      new iam.PolicyStatement({
        sid: 'AskAboutTasks',
        actions: ['ecs:DescribeTasks'],
        resources: [
          stack.formatArn({ service: 'ecs', resource: 'task', resourceName: `${cluster.clusterName}/*` }),
        ],
      }),
    );
  }

  #task(
    { definition, image, variables, secrets, stage }: FargateServiceProps,
    log: logs.LogGroup,
  ): ecs.FargateTaskDefinition {
    const { cpuUnits, memoryMebibytes } = taskSizeOf(definition, stage);
    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: cpuUnits,
      memoryLimitMiB: memoryMebibytes,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
    });
    const container = task.addContainer('app', {
      image,
      containerName: definition.name,
      portMappings: [{ containerPort: ports.service }],
      environment: { ...variables, KYO_PORT: String(ports.service) },
      secrets: Object.fromEntries(
        Object.entries(secrets).map(([name, secret]) => [name, ecs.Secret.fromSecretsManager(secret)]),
      ),
      readonlyRootFilesystem: true,
      linuxParameters: new ecs.LinuxParameters(this, 'Linux', { initProcessEnabled: true }),
      stopTimeout: Duration.seconds(definition.stopTimeoutSeconds),
      healthCheck: {
        // In the exec form, with what is in the image: it has no shell tools to speak of.
        command: ['CMD', 'node', '-e', aliveProbe],
        interval: Duration.seconds(15),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(30),
      },
      logging: ecs.LogDrivers.awsLogs({
        streamPrefix: definition.name,
        // A log that is slow must not slow the service.
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        logGroup: log,
      }),
    });
    for (const secret of Object.values(secrets)) readSecret(task.obtainExecutionRole(), secret);
    for (const [name, containerPath] of Object.entries(writable(stage))) {
      task.addVolume({ name });
      container.addMountPoints({ sourceVolume: name, containerPath, readOnly: false });
    }
    return task;
  }

  #targetGroup({ definition, network, cluster }: FargateServiceProps): elb.ApplicationTargetGroup {
    const { sockets } = definition;
    return new elb.ApplicationTargetGroup(cluster, `${definition.name}Targets`, {
      vpc: network.vpc,
      port: ports.service,
      protocol: elb.ApplicationProtocol.HTTP,
      targets: [
        this.service.loadBalancerTarget({ containerName: definition.name, containerPort: ports.service }),
      ],
      healthCheck: {
        path: '/ready',
        healthyHttpCodes: '200',
        interval: Duration.seconds(10),
        timeout: Duration.seconds(5),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
      deregistrationDelay: Duration.seconds(sockets ? drainSeconds.sockets : drainSeconds.requests),
      // Socket.IO's handshake by HTTP takes several requests, which have to meet the same task.
      ...(sockets && { stickinessCookieDuration: Duration.days(1) }),
    });
  }

  #scale({ definition, stage }: FargateServiceProps): void {
    const { sockets, requestsPerMinuteAndTask } = definition;
    const { tasks } = stage.services;
    if (tasks.min === tasks.max) return;
    const scaling = this.service.autoScaleTaskCount({ minCapacity: tasks.min, maxCapacity: tasks.max });
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: cpuTargetPercent, scaleInCooldown });
    if (requestsPerMinuteAndTask !== undefined) {
      scaling.scaleOnRequestCount('Requests', {
        requestsPerTarget: requestsPerMinuteAndTask,
        targetGroup: this.targetGroup,
        scaleInCooldown,
      });
    }
    if (sockets && this.connectedSockets) {
      scaling.scaleToTrackCustomMetric('Sockets', {
        metric: this.connectedSockets,
        targetValue: sockets.perTask,
        scaleInCooldown: socketScaleInCooldown,
      });
    }
  }
}

/** Counts the lines that are alarms. Those that say that one is over are no errors. */
function loggedAlarms(log: logs.LogGroup, { definition, stage }: FargateServiceProps): cloudwatch.Metric {
  const filter = log.addMetricFilter('Alarms', {
    filterPattern: logs.FilterPattern.all(
      logs.FilterPattern.stringValue('$.level', '=', 'error'),
      logs.FilterPattern.exists('$.alarm'),
    ),
    metricNamespace: metricsNamespaceOf(stage),
    metricName: `Alarms ${definition.name}`,
    defaultValue: 0,
  });
  return filter.metric({ statistic: cloudwatch.Stats.SUM, period: Duration.minutes(1) });
}

const aliveProbe = `fetch('http://127.0.0.1:${ports.service}/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))`;

export function taskSizeOf(
  definition: ServiceDefinition,
  { services }: Stage,
): Pick<ServiceDefinition, 'cpuUnits' | 'memoryMebibytes'> {
  return services.smallestTasks ? smallest : definition;
}

/** Sockets live long: where people hold them, their task is not one that may go at two minutes' notice. */
export function strategyOf(
  { sockets }: ServiceDefinition,
  { services }: Stage,
): ecs.CapacityProviderStrategy[] {
  const { onDemandBase, weights, socketsOnSpot } = services;
  if (sockets && !socketsOnSpot) return [{ capacityProvider: 'FARGATE', weight: 1 }];
  return [
    { capacityProvider: 'FARGATE', base: onDemandBase, weight: weights.onDemand },
    { capacityProvider: 'FARGATE_SPOT', weight: weights.spot },
  ];
}

/** What can be written to, and is gone with the task. A shell takes more (AWS: ECS Exec, the agent's folders). */
function writable({ services }: Stage): Record<string, string> {
  const folders = { tmp: '/tmp' };
  if (!services.shellAccess) return folders;
  return {
    ...folders,
    'ssm-lib': '/var/lib/amazon/ssm',
    'ssm-log': '/var/log/amazon/ssm',
    'ssm-agents': '/managed-agents',
  };
}
