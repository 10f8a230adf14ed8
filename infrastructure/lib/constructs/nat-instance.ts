import { createHash } from 'node:crypto';
import { Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';

export interface NatInstanceSettings {
  instanceType: string;
  /** The day whose newest Amazon Linux the instance runs: another day replaces it, by the newest image of that day. */
  imageOf: string;
}

/** For ARM64. EC2 looks it up when it launches the instance, so that a new release changes no template. */
const imageParameter = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-arm64';
/** As large as the image is; the swap file has its place there. */
const diskGibibytes = 8;
/** Booting and installing take one or two. */
const readyWithinMinutes = 15;
/** All that leaves the VPC: AWS and the providers of messages. Names are resolved inside, by the VPC's own server. */
const outwardPort = 443;

/**
 * One small instance as the way out, for stages where minutes without one do no harm. CloudFormation goes on when the
 * instance says that it translates addresses, and not before. EC2 moves it to other hardware by itself when its own fails
 * (simplified automatic recovery, which is on unless switched off); its script runs once, and what it wrote survives a reboot.
 */
export class NatInstance extends ec2.NatProvider {
  readonly #settings: NatInstanceSettings;
  readonly #cidr: string;
  #instance: ec2.CfnInstance | undefined;

  constructor(settings: NatInstanceSettings, cidr: string) {
    super();
    this.#settings = settings;
    this.#cidr = cidr;
  }

  get instanceId(): string {
    if (!this.#instance) throw new Error('The instance is made together with its VPC.');
    return this.#instance.ref;
  }

  override get configuredGateways(): ec2.GatewayConfig[] {
    return [{ az: this.#instance?.availabilityZone ?? '', gatewayId: this.instanceId }];
  }

  override configureNat({ vpc, natSubnets, privateSubnets }: ec2.ConfigureNatOptions): void {
    const [subnet] = natSubnets;
    if (!subnet) throw new Error('A NAT instance needs a public subnet.');
    this.#instance = this.#launch(vpc, subnet, privateSubnets);
    for (const each of privateSubnets) this.configureSubnet(each);
  }

  override configureSubnet(subnet: ec2.PrivateSubnet): void {
    subnet.addRoute('DefaultRoute', {
      routerType: ec2.RouterType.INSTANCE,
      routerId: this.instanceId,
      enablesInternetConnectivity: true,
    });
  }

  #launch(vpc: ec2.Vpc, subnet: ec2.PublicSubnet, clients: ec2.PrivateSubnet[]): ec2.CfnInstance {
    const { instanceType, imageOf } = this.#settings;
    const group = new ec2.SecurityGroup(vpc, 'NatSecurityGroup', { vpc, description: 'Kyo: the way out' });
    for (const { ipv4CidrBlock } of clients)
      group.addIngressRule(ec2.Peer.ipv4(ipv4CidrBlock), ec2.Port.tcp(outwardPort), 'on its way out');
    // An instance takes the image by parameter from its launch template (EC2 User Guide, "Use a Systems Manager parameter
    // instead of an AMI ID").
    const template = new ec2.CfnLaunchTemplate(vpc, 'NatImage', {
      launchTemplateData: { imageId: `resolve:ssm:${imageParameter}` },
    });
    const script = natScript(this.#cidr);
    const instance = new ec2.CfnInstance(subnet, 'Nat', {
      launchTemplate: {
        launchTemplateId: template.ref,
        version: template.attrLatestVersionNumber,
      },
      instanceType,
      availabilityZone: subnet.availabilityZone,
      // What it passes on is neither from it nor for it.
      sourceDestCheck: false,
      networkInterfaces: [
        {
          deviceIndex: '0',
          subnetId: subnet.subnetId,
          associatePublicIpAddress: true,
          groupSet: [group.securityGroupId],
        },
      ],
      blockDeviceMappings: [
        {
          deviceName: '/dev/xvda',
          ebs: { volumeType: 'gp3', volumeSize: diskGibibytes, encrypted: true },
        },
      ],
      metadataOptions: { httpTokens: 'required' },
    });
    // A script runs on the first boot alone, so another script or image is another instance.
    const digest = createHash('sha256').update(`${script}${imageOf}`).digest('hex').slice(0, 8);
    instance.overrideLogicalId(`Nat${digest}`);
    instance.cfnOptions.creationPolicy = {
      resourceSignal: { count: 1, timeout: `PT${readyWithinMinutes}M` },
    };
    const { stackName, region } = Stack.of(vpc);
    // It needs no permission: CloudFormation takes signals from the instances of the stack.
    const signal = `/opt/aws/bin/cfn-signal --exit-code $? --stack ${stackName} --resource ${instance.logicalId} --region ${region}`;
    instance.userData = Fn.base64(['#!/bin/bash', `trap '${signal}' EXIT`, script].join('\n'));
    instance.node.addDependency(subnet.internetConnectivityEstablished);
    return instance;
  }
}

/**
 * What the instance runs on its first boot. Amazon Linux 2023 has no packet filter in its image. Installing one takes more
 * memory than the smallest instance has, hence the swap file; and the system itself holds the package manager while it boots,
 * hence another try (aws/aws-cdk#36717).
 */
export function natScript(cidr: string): string {
  return `set -euxo pipefail
dd if=/dev/zero of=/swap bs=1M count=1024
chmod 600 /swap
mkswap /swap
swapon /swap
echo '/swap none swap defaults 0 0' >> /etc/fstab
for attempt in {1..30}; do dnf install --assumeyes nftables && break; sleep 10; done
cat > /etc/sysconfig/nftables.conf <<'END'
${natRules(cidr)}
END
echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/90-nat.conf
sysctl --load=/etc/sysctl.d/90-nat.conf
systemctl enable --now nftables`;
}

/** What leaves the VPC leaves it under the address of the instance. */
export function natRules(cidr: string): string {
  return `table ip nat {
  chain postrouting {
    type nat hook postrouting priority srcnat;
    ip saddr ${cidr} ip daddr != ${cidr} masquerade
  }
}`;
}
