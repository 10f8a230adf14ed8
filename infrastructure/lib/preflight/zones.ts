import { DescribeAvailabilityZonesCommand } from '@aws-sdk/client-ec2';
import type { Check, Finding } from './check.ts';

/**
 * Zones from which CloudFront takes no origin inside a VPC. They go by id: a name (`ap-northeast-1a`) is another zone in each
 * account. https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
 */
const withoutVpcOrigins = new Set(['use1-az3', 'usw1-az2', 'apne1-az3', 'apne2-az1', 'cac1-az3']);

export const zoneCheck: Check = {
  name: 'zones',
  async look({ stage, clients }) {
    const { AvailabilityZones = [] } = await clients.ec2.send(
      new DescribeAvailabilityZonesCommand({ Filters: [{ Name: 'region-name', Values: [stage.region] }] }),
    );
    const usable = AvailabilityZones.filter(
      ({ State, ZoneId = '' }) => State === 'available' && !withoutVpcOrigins.has(ZoneId),
    ).map(({ ZoneName }) => ZoneName);
    const remedy = `Name three of ${usable.join(', ')} as availabilityZones in infrastructure/config/${stage.name}.ts.`;
    const found = stage.availabilityZones.flatMap((name): Omit<Finding, 'check'>[] => {
      const zone = AvailabilityZones.find(({ ZoneName }) => ZoneName === name);
      if (zone === undefined) return [{ level: 'error', detail: `this account has no zone ${name}`, remedy }];
      if (zone.State !== 'available') return [{ level: 'error', detail: `${name} is ${zone.State}`, remedy }];
      if (withoutVpcOrigins.has(zone.ZoneId ?? ''))
        return [
          {
            level: 'error',
            detail: `${name} is ${zone.ZoneId}, which CloudFront takes no VPC origin from`,
            remedy,
          },
        ];
      return [];
    });
    return found.length > 0 ? found : [{ level: 'ok', detail: stage.availabilityZones.join(', ') }];
  },
};
