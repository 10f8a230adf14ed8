import { type Channel, emailAddress, phoneNumber } from '@kyong/contracts';

/** A phone number or an e-mail address by which a person is known. */
export interface Address {
  channel: Channel;
  /** Normalised: two spellings of one address are the same text. */
  value: string;
}

/**
 * Reads and normalises an address: E.164 in one piece (whether it is written as its country has it is another's to say),
 * e-mail in lower case. Undefined for anything else, and for an e-mail
 * address with a character outside ASCII: look-alikes of another script (homographs) are refused instead of folded
 * (RFC 6532 would allow them; Unicode TR 36 says why not), and with them every need of Unicode normalisation.
 */
export function parseAddress(text: string): Address | undefined {
  const phone = phoneNumber.safeParse(text);
  if (phone.success) return { channel: 'sms', value: phone.data };
  if (/^[\x21-\x7e]+$/.test(text) && emailAddress.safeParse(text).success)
    return { channel: 'email', value: text.toLowerCase() };
  return undefined;
}
