import { pick } from '../../random.ts';
import type { HostilePart } from '../part.ts';
import { steadily } from '../steadily.ts';

const machines = 31;
const send = '/api/otp/send';

/** SMS to everybody in the block of numbers that the victims have theirs in, with and without their gym's name. */
export const codesIntoABlock: HostilePart = {
  name: 'codes into a block of numbers',
  run: ({ strangers, signal, told, target: { victim } }) =>
    steadily({ perSecond: 20, signal }, async (n) => {
      const to = `${victim.phone.slice(0, -4)}${String(1_000 + (n % 9_000))}`;
      const tenantId = n % 2 === 0 ? victim.tenantId : undefined;
      told(
        await strangers.at(n % machines).request('POST', send, { body: { channel: 'sms', to, tenantId } }),
      );
    }),
};

/** Mails that name no gym, and mails that name the victims': what everybody shares is used up. */
export const codesToNobody: HostilePart = {
  name: 'mails to nobody',
  run: ({ strangers, signal, told, target: { victim } }) =>
    steadily({ perSecond: 40, signal }, async (n) => {
      const to = `v+${n}@n${n % 500}.example`;
      const tenantId = n % 2 === 0 ? victim.tenantId : undefined;
      told(
        await strangers.at(n % machines).request('POST', send, { body: { channel: 'email', to, tenantId } }),
      );
    }),
};

/** Codes that the victims have not asked for, so that they get none when they do; and guesses at them. */
export const codesToTheVictims: HostilePart = {
  name: 'codes to the victims, and guesses at them',
  run: ({ strangers, signal, told, random, target: { victim } }) =>
    steadily({ perSecond: 10, signal }, async (n) => {
      const stranger = strangers.at(n % machines);
      const to = pick(victim.addresses, random);
      const sent = await stranger.request('POST', send, {
        body: { channel: 'email', to, tenantId: victim.tenantId },
      });
      told(sent);
      for (let guess = 0; guess < 4 && sent.status === 202; guess++) {
        const code = String(Math.floor(random() * 1e6)).padStart(6, '0');
        const { requestId } = sent.body;
        told(await stranger.request('POST', '/api/otp/verify', { body: { requestId, code } }));
      }
    }),
};

/** Somebody behind the same address as the victims, who asks for codes and guesses from there as much as one address may. */
export const sharedAddress: HostilePart = {
  name: "a stranger behind the victims' own addresses",
  run: ({ homes, signal, told, random, target: { victim } }) =>
    steadily({ perSecond: 20, signal }, async (n) => {
      const neighbour = homes.callerAt(n % homes.count);
      const body = { channel: 'email', to: `n${n}@elsewhere.example`, tenantId: victim.tenantId };
      const sent = await neighbour.request('POST', send, { body });
      told(sent);
      const code = String(Math.floor(random() * 1e6)).padStart(6, '0');
      if (sent.status === 202)
        told(
          await neighbour.request('POST', '/api/otp/verify', {
            body: { requestId: sent.body.requestId, code },
          }),
        );
      told(await neighbour.request('GET', '/api/auth/me', { token: 'eyJ.eyJ.none' }));
    }),
};

/** Messages that a provider would not take, for what they say or where they go to. */
export const unsendableMessages: HostilePart = {
  name: 'messages that no provider takes',
  run: ({ strangers, signal, told, target: { gym } }) => {
    const addresses = [
      `${'a'.repeat(200)}@example.com`,
      `a@${'b'.repeat(80)}.example`,
      `a@${'b.'.repeat(120)}example`,
      'a@localhost',
      `+${'9'.repeat(15)}`,
      '+886955',
      '+25261234567',
      '+5352123456',
    ];
    return steadily({ perSecond: 20, signal }, async (n) => {
      const to = addresses[n % addresses.length] as string;
      const channel = to.startsWith('+') ? 'sms' : 'email';
      const body = { channel, to, tenantId: gym.tenantId };
      told(await strangers.at(n % machines).request('POST', send, { body }));
    });
  },
};

/** A gym that pretends to be another, or a bank, in what the platform sends for it; and says so at length. */
export const impersonation: HostilePart = {
  name: 'a template that impersonates',
  run: async ({ strangers, signal, told, target: { gym, victim } }) => {
    const token = gym.token;
    const texts = [
      'ACME Bank security alert: your account is locked.\nConfirm at https://evil.example/unlock with {code}',
      `${victim.tenantId}: open kyo.evil.example and type {code}`,
      `{code}${'{app}'.repeat(90)}`,
      'Your friends at Iron House need this number: {code}',
    ];
    const made: string[] = [];
    await steadily({ perSecond: 10, signal }, async (n) => {
      const caller = strangers.at(n % machines);
      const body = {
        channel: 'email',
        locale: 'en',
        purpose: 'login',
        subject: 'Hello',
        body: texts[n % texts.length],
      };
      const created = await caller.request('POST', '/api/otp/templates', { token, body });
      told(created);
      if (created.status === 201) made.push(created.body.templateId);
      const to = victim.addresses[n % victim.addresses.length] as string;
      if (n % 5 === 0)
        told(await caller.request('POST', send, { body: { channel: 'email', to, tenantId: gym.tenantId } }));
    });
    for (const templateId of made)
      await strangers.at(0).request('DELETE', `/api/otp/templates/${templateId}`, { token });
  },
};
