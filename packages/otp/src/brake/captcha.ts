import type { Alarm, Captcha } from './ports.ts';

/**
 * Whether whoever asks for an SMS is a person. While the captcha service is away everybody is taken for one: signing in
 * does not depend on a third party being up, an attacker cannot bring it down, and the other brakes still hold.
 */
export async function isPerson(
  captcha: Captcha,
  answer: { token: string | undefined; clientAddress: string | undefined },
  onAlarm: (alarm: Alarm) => void,
): Promise<boolean> {
  if (answer.token === undefined) return false;
  try {
    return await captcha.verify(answer.token, answer.clientAddress);
  } catch (error) {
    onAlarm({ kind: 'captcha_unavailable', error });
    return true;
  }
}
