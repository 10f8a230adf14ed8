import { type Address, parseAddress } from '@kyong/identity';
import { Problem } from '@kyong/service-kit';

/** The address in a body's `to`, normalised. @throws {Problem} `malformed_request` */
export function addressOf(to: string): Address {
  const address = parseAddress(to);
  if (address) return address;
  throw new Problem('malformed_request', {
    errors: [{ path: 'body.to', message: 'a phone number in E.164 form or an e-mail address in ASCII' }],
  });
}
