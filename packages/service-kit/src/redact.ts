/** A secret that can stand inside a sentence, a URL or a driver's error. */
interface Secret {
  /** What every such secret contains. */
  mark: string;
  /** The secret from its mark on. */
  rest: RegExp;
  /** Characters of which at least one stands before the mark, and belongs to the secret. */
  before?: RegExp;
  replacement: string;
}

/** JSON Web Tokens, credentials in URLs, phone numbers (E.164), e-mail addresses. */
const secrets: Secret[] = [
  { mark: 'eyJ', rest: /eyJ[\w-]{5,}\.[\w-]+\.[\w-]*/y, replacement: '[token]' },
  { mark: '://', rest: /:\/\/[^\s:@/"]*:[^\s@/"]+@/y, replacement: '://[secret]@' },
  { mark: '+', rest: /\+[1-9]\d{7,14}\b/y, replacement: '[phone]' },
  { mark: '%2B', rest: /%2B[1-9]\d{7,14}\b/y, replacement: '[phone]' },
  { mark: '%2b', rest: /%2b[1-9]\d{7,14}\b/y, replacement: '[phone]' },
  { mark: '@', rest: /@(?:[\w-]+\.)+[a-z]{2,}/iy, before: /[\w.%+-]/, replacement: '[email]' },
  { mark: '%40', rest: /%40(?:[\w-]+\.)+[a-z]{2,}/iy, before: /[\w.%+-]/, replacement: '[email]' },
];
/** Has no mark in it but the first of its own, which was tried. */
const word = /[\w-]*/y;

/**
 * Takes secrets and personal data out of a text. Each kind is looked for from mark to mark, and a try that fails is not begun
 * again within the same word: the time is proportional to the length, whatever a stranger has written.
 */
export function redactText(text: string): string {
  return secrets.reduce(takeOut, text);
}

function takeOut(text: string, { mark, rest, before, replacement }: Secret): string {
  let kept = '';
  let keptUntil = 0;
  for (let at = text.indexOf(mark); at >= 0; ) {
    const end = endOf(rest, text, at);
    let start = at;
    while (end > at && before && start > keptUntil && before.test(text[start - 1] ?? '')) start -= 1;
    if (end > at && (!before || start < at)) {
      kept += text.slice(keptUntil, start) + replacement;
      keptUntil = end;
    }
    at = text.indexOf(mark, Math.max(end, endOf(word, text, at + mark.length)));
  }
  return keptUntil === 0 ? text : kept + text.slice(keptUntil);
}

/** Where a match that begins at `at` ends; 0 when there is none. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : 0;
}
