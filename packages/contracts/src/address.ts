import { z } from 'zod';

/** As it is typed on a phone or pasted: full-width digits (Unicode NFKC), in groups. */
export const inOnePiece = (text: string) => text.normalize('NFKC').replaceAll(/[\s-]/g, '');

/** An international phone number (ITU-T E.164): `+`, then 8 to 15 digits, without the blanks and hyphens it came with. */
export const phoneNumber = z
  .string()
  .max(40)
  .overwrite(inOnePiece)
  .regex(/^\+[1-9]\d{7,14}$/, 'a phone number in E.164 form, such as +886912345678')
  .meta({
    description:
      'E.164. Blanks and hyphens between the digits and full-width ones are taken, too, and read as this. A number that its ' +
      'country writes otherwise is refused: +8860912345678 for +886912345678',
    example: '+886912345678',
  });

/** What is longer no server takes: a name (RFC 5321, 4.5.3.1), a label of a domain (RFC 1035, 2.3.4). */
export const emailAddress = z
  .email('an e-mail address')
  .max(254)
  .regex(
    /^[^@]{1,64}@(?:[^@.]{1,63}\.)*[^@.]{1,63}$/,
    'at most 64 characters before the @, and 63 between two dots of the domain',
  );

/** Somebody's, of either kind. */
export const address = z
  .union([phoneNumber, emailAddress], 'a phone number in E.164 form or an e-mail address in ASCII')
  .meta({ description: 'Phone number (E.164) or e-mail address' });
