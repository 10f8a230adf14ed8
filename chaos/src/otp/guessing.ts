import { defaultPolicy } from '@kyong/otp';
import type { Fault } from '../fault.ts';
import { shuffled } from '../random.ts';
import { withService, wrongCode } from './service.ts';

const { count: budget } = defaultPolicy.attempts;

export const parallelVerifies: Fault = {
  name: 'one code, 50 parallel verifies',
  run: (stage) =>
    withService(stage, { fsync: 'no' }, async ({ send, verify }) => {
      const codes = stage.scale === 'full' ? 1_000 : 40;
      const parallel = 50;
      let successes = 0;
      let twice = 0;
      for (let n = 0; n < codes; n++) {
        const { requestId, code } = await send(`person${n}@example.com`);
        const results = await Promise.all(Array.from({ length: parallel }, () => verify(requestId, code)));
        const accepted = results.filter(({ outcome }) => outcome === 'correct').length;
        successes += accepted;
        if (accepted > 1) twice += 1;
      }
      return {
        injected: `${codes} codes × ${parallel} verifies at once, over two instances`,
        counts: { successes, 'codes accepted twice': twice },
        held: successes === codes && twice === 0,
      };
    }),
};

export const wrongGuesses: Fault = {
  name: 'wrong guesses across resends',
  run: (stage) =>
    withService(stage, { fsync: 'no' }, async ({ send, verify, clock }) => {
      const recipients = stage.scale === 'full' ? 50 : 2;
      const resends = 5;
      const guesses = 400;
      let evaluated = 0;
      let past = 0;
      for (let recipient = 0; recipient < recipients; recipient++) {
        let ofRecipient = 0;
        for (let resend = 0; resend < resends; resend++) {
          const { requestId, code } = await send(`victim${recipient}@example.com`);
          const results = await Promise.all(
            Array.from({ length: guesses }, (_, n) => verify(requestId, wrongCode(code, n))),
          );
          ofRecipient += results.filter(({ outcome }) => outcome === 'incorrect').length;
          clock.advance(240);
        }
        evaluated += ofRecipient;
        past += Math.max(0, ofRecipient - budget);
      }
      const made = recipients * resends * guesses;
      return {
        injected: `${made.toLocaleString('en')} wrong guesses at ${recipients} recipients, ${resends} resends each`,
        counts: { evaluated, 'evaluated past the cap': past },
        held: past === 0 && evaluated === recipients * budget,
      };
    }),
};

export const rightAmidWrong: Fault = {
  name: 'the right code amid wrong guesses under the cap',
  run: (stage) =>
    withService(stage, { fsync: 'no' }, async ({ send, verify }) => {
      const trials = stage.scale === 'full' ? 1_000 : 40;
      let refused = 0;
      for (let trial = 0; trial < trials; trial++) {
        const { requestId, code } = await send(`person${trial}@example.com`);
        const wrong = Array.from({ length: budget - 1 }, (_, n) => wrongCode(code, n));
        const results = await Promise.all(
          shuffled([code, ...wrong], stage.random).map((guess) => verify(requestId, guess)),
        );
        if (!results.some(({ outcome }) => outcome === 'correct')) refused += 1;
      }
      return {
        injected: `${trials} trials of ${budget - 1} wrong guesses beside the right one, all at once`,
        counts: { refused },
        held: refused === 0,
      };
    }),
};
