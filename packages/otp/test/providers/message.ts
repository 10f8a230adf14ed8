import type { Message } from '../../src/index.ts';

export const message: Message = {
  id: '6f1d2c3b-4a5e-8f60-9b7c-8d9e0f1a2b3c',
  channel: 'sms',
  to: '+886912345678',
  locale: 'zh-TW',
  body: 'Iron Temple 驗證碼 012345。\n@gym.example #012345',
  expiresAt: new Date(Date.now() + 300_000),
  receiptToken: 'the-token',
};

export const never = new AbortController().signal;
