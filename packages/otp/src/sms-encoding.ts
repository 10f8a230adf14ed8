/** How a text travels as SMS (3GPP TS 23.038, TS 23.040). */
export interface SmsMeasure {
  encoding: 'GSM-7' | 'UCS-2';
  /** Septets of GSM-7 (an extension character is two), or 16-bit units of UCS-2 (an emoji is two or more). */
  length: number;
  /** Messages it is sent, and paid, as. */
  segments: number;
}

/** The GSM 7-bit default alphabet, without the escape character. */
const basic =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿' +
  'abcdefghijklmnopqrstuvwxyzäöñüà';
/** Its extension table: each takes an escape as well. */
const extension = '\f^{}\\[~]|€';

const septetsOf = new Map([
  ...[...basic].map((character) => [character, 1] as const),
  ...[...extension].map((character) => [character, 2] as const),
]);

/** Units that fit into a message alone, and into each part of a longer one, whose header takes six octets. */
const capacity = { 'GSM-7': { single: 160, part: 153 }, 'UCS-2': { single: 70, part: 67 } };

/** One character outside GSM-7 makes the whole text UCS-2. Neither an escape sequence nor a surrogate pair is torn apart. */
export function measureSms(text: string): SmsMeasure {
  const characters = [...text];
  const septets = characters.map((character) => septetsOf.get(character));
  const encoding = septets.includes(undefined) ? 'UCS-2' : 'GSM-7';
  const units = characters.map((character, index) =>
    encoding === 'GSM-7' ? (septets[index] ?? 0) : character.length,
  );
  const length = units.reduce((sum, unit) => sum + unit, 0);
  const { single, part } = capacity[encoding];
  if (length <= single) return { encoding, length, segments: 1 };
  let segments = 1;
  let used = 0;
  for (const unit of units) {
    if (used + unit > part) {
      segments += 1;
      used = 0;
    }
    used += unit;
  }
  return { encoding, length, segments };
}
