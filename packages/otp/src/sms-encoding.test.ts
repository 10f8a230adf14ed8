import { expect, test } from 'vitest';
import { measureSms } from './sms-encoding.ts';

test.each([
  ['nothing', '', 'GSM-7', 0, 1],
  ['160 of the basic alphabet', 'a'.repeat(160), 'GSM-7', 160, 1],
  ['one more', 'a'.repeat(161), 'GSM-7', 161, 2],
  ['two full parts', 'a'.repeat(306), 'GSM-7', 306, 2],
  ['one more than two parts', 'a'.repeat(307), 'GSM-7', 307, 3],
  ['letters of the basic alphabet beyond ASCII', 'ÄÖÜäöüßñÑ£¥èéùìòÇØøÅåÆæΔΦΓΛΩΠΨΣΘΞ¤§¿¡\n\r', 'GSM-7', 39, 1],
  ['an extension character, which counts twice', `${'a'.repeat(158)}€`, 'GSM-7', 160, 1],
  ['one that is pushed over the edge', `${'a'.repeat(159)}€`, 'GSM-7', 161, 2],
  ['brackets, braces, pipe, tilde, caret, backslash', '[]{}|~^\\', 'GSM-7', 16, 1],
  ['a backtick, which GSM-7 lacks', '`', 'UCS-2', 1, 1],
  ['a ç in lower case, which GSM-7 lacks', 'ç', 'UCS-2', 1, 1],
  ['70 Chinese characters', '驗'.repeat(70), 'UCS-2', 70, 1],
  ['one more', '驗'.repeat(71), 'UCS-2', 71, 2],
  ['two full parts', '驗'.repeat(134), 'UCS-2', 134, 2],
  ['one more than two parts', '驗'.repeat(135), 'UCS-2', 135, 3],
  ['one Chinese character among Latin ones', `${'a'.repeat(70)}驗`, 'UCS-2', 71, 2],
  ['an emoji, which takes two units', '💪', 'UCS-2', 2, 1],
] as const)('%s', (_, text, encoding, length, segments) => {
  expect(measureSms(text)).toEqual({ encoding, length, segments });
});

test('no part ends in the middle of an escape sequence', () => {
  // 152 characters leave one septet, which an escape cannot begin in: it goes to the next part, whose end moves by one.
  const text = `${'a'.repeat(152)}€${'a'.repeat(152)}`;
  expect(measureSms(text)).toEqual({ encoding: 'GSM-7', length: 306, segments: 3 });
});

test('no part ends in the middle of a surrogate pair', () => {
  const text = `${'驗'.repeat(66)}💪${'驗'.repeat(66)}`;
  expect(measureSms(text)).toEqual({ encoding: 'UCS-2', length: 134, segments: 3 });
});
