import * as route53 from 'aws-cdk-lib/aws-route53';
import * as ses from 'aws-cdk-lib/aws-ses';
import type { Construct } from 'constructs';
import type { Stage } from '../../config/index.ts';

/** What other mail servers are told: that of our domain is signed by Amazon SES, and anything else is spam (RFC 7489). */
const dmarc = 'v=DMARC1; p=quarantine; adkim=r; aspf=r';

/**
 * Whom e-mail comes from. With a domain, the domain: its keys and its return path stand in its zone. Without one a single
 * address, whose owner clicks a link that Amazon sends there.
 * @throws {RangeError} when the sender is not of the domain.
 */
export function mailIdentity(
  scope: Construct,
  { messages: { emailFrom }, edge: { domain }, region }: Stage,
  configurationSet: ses.IConfigurationSet,
): ses.EmailIdentity {
  if (!domain)
    return new ses.EmailIdentity(scope, 'Sender', {
      identity: ses.Identity.email(emailFrom),
      configurationSet,
    });
  if (!emailFrom.endsWith(`@${domain.name}`))
    throw new RangeError(`messages.emailFrom is ${emailFrom}, which is no address of ${domain.name}.`);

  const returnPath = `bounce.${domain.name}`;
  const identity = new ses.EmailIdentity(scope, 'Sender', {
    identity: ses.Identity.domain(domain.name),
    mailFromDomain: returnPath,
    configurationSet,
  });
  const zone = route53.HostedZone.fromHostedZoneAttributes(scope, 'Zone', {
    hostedZoneId: domain.hostedZoneId,
    zoneName: domain.hostedZoneName,
  });
  identity.dkimRecords.forEach(({ name, value }, index) => {
    // Not CDK's own record, which adds the zone to a name that it does not know yet.
    new route53.CfnRecordSet(scope, `Dkim${index + 1}`, {
      hostedZoneId: domain.hostedZoneId,
      type: 'CNAME',
      name,
      resourceRecords: [value],
      ttl: '1800',
    });
  });
  new route53.MxRecord(scope, 'ReturnPath', {
    zone,
    recordName: `${returnPath}.`,
    values: [{ priority: 10, hostName: `feedback-smtp.${region}.amazonses.com` }],
  });
  new route53.TxtRecord(scope, 'Spf', {
    zone,
    recordName: `${returnPath}.`,
    values: ['v=spf1 include:amazonses.com ~all'],
  });
  new route53.TxtRecord(scope, 'Dmarc', { zone, recordName: `_dmarc.${domain.name}.`, values: [dmarc] });
  return identity;
}
