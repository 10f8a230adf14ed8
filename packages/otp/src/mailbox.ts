/** These ignore dots, and are one provider (https://support.google.com/mail/answer/7436150). */
const gmail = new Set(['gmail.com', 'googlemail.com']);

/**
 * Where an address leads, as far as can be known, for limits and never for who somebody is: without the tag behind a plus sign
 * (subaddressing, RFC 5233), which most providers deliver to the same mailbox. A phone number is itself.
 */
export function mailboxOf(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 0) return address;
  const domain = address.slice(at + 1).toLowerCase();
  const [name = ''] = address
    .slice(0, at)
    .toLowerCase()
    .split(/(?<=.)\+/);
  return gmail.has(domain) ? `${name.replaceAll('.', '')}@gmail.com` : `${name}@${domain}`;
}
