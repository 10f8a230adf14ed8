import { type Address, parseAddress } from '@kyong/identity';
import { canonicalPhoneNumber } from '@kyong/otp/adapters/phone-numbers';
import { Problem } from '@kyong/service-kit';

/** An address in its one form, which accounts and limits are keyed by; undefined for what is none. */
export function readAddress(text: string): Address | undefined {
  const address = parseAddress(text);
  if (address?.channel !== 'sms') return address;
  const value = canonicalPhoneNumber(address.value);
  return value === undefined ? undefined : { ...address, value };
}

/** The address in a body's field, in its one form. @throws {Problem} `malformed_request` */
export function addressOf(to: string, path = 'body.to'): Address {
  const address = readAddress(to);
  if (address) return address;
  throw new Problem('malformed_request', {
    errors: [{ path, message: 'a phone number in E.164 form or an e-mail address in ASCII' }],
  });
}
