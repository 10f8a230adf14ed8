import { type CountryCode, Metadata, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { PhoneNumberKind, PhoneNumbers } from '../brake/ports.ts';

/** Calling codes of several countries that a home country could be among (ITU-T E.164 annex). */
const sharedCallingCodes = new Set(['1', '7', '39', '44', '47', '61', '212', '262', '358', '590', '599']);

/**
 * Reads numbers by Google's libphonenumber; `max`, for the smaller sets know no premium numbers. Parsing costs some 8 µs,
 * a quarter of a whole request, so the country that most numbers are of is matched against its own pattern first (0.1 µs).
 */
export function phoneNumbers(homeCountry: string): PhoneNumbers {
  const homeMobile = mobilePattern(homeCountry as CountryCode);
  return {
    kindOf: (phoneNumber) =>
      homeMobile.test(phoneNumber) ? { country: homeCountry, kind: 'mobile' } : parse(phoneNumber),
  };
}

/** @throws {RangeError} for a country whose mobile numbers do not follow from the calling code alone, such as +1's. */
function mobilePattern(country: CountryCode): RegExp {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  const plan = metadata.numberingPlan as unknown as {
    callingCode(): string;
    type(name: string): { pattern(): string } | undefined;
  };
  const callingCode = plan.callingCode();
  const mobile = plan.type('MOBILE')?.pattern();
  if (mobile === undefined || sharedCallingCodes.has(callingCode))
    throw new RangeError(`${country} cannot be the home country.`);
  return new RegExp(`^\\+${callingCode}(?:${mobile})$`);
}

function parse(phoneNumber: string): PhoneNumberKind {
  const parsed = parsePhoneNumberFromString(phoneNumber);
  if (!parsed?.country) return { country: undefined, kind: 'unassigned' };
  const { country } = parsed;
  switch (parsed.getType()) {
    case 'MOBILE':
    case 'FIXED_LINE_OR_MOBILE':
      return { country, kind: 'mobile' };
    case 'PERSONAL_NUMBER':
      return { country, kind: 'personal' };
    case undefined:
      return { country, kind: parsed.isPossible() ? 'unassigned' : 'other' };
    default:
      return { country, kind: 'other' };
  }
}

/** What most numbers are; the rest costs the 8 µs. */
const mostNumbers = mobilePattern('TW');

/**
 * The one way to write a number in E.164: one that its country writes with another digit at home (`+8860912…`, `+44 07…`) is
 * the same phone, and would be another person with limits of their own. A number of no known country stays as it is.
 * @returns undefined for what is no number after such digits are taken off.
 */
export function canonicalPhoneNumber(phoneNumber: string): string | undefined {
  if (mostNumbers.test(phoneNumber)) return phoneNumber;
  const parsed = parsePhoneNumberFromString(phoneNumber);
  if (!parsed || parsed.number === phoneNumber) return phoneNumber;
  return parsed.isValid() ? parsed.number : undefined;
}
