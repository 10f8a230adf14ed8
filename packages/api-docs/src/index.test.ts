import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import { documentation } from './index.ts';

const pages = documentation();
const bodyOf = (path: string) => String(pages.find((page) => page.path === path)?.body);

it('documentation has a valid OpenAPI document', async () => {
  const document = JSON.parse(bodyOf('/docs/openapi.json'));
  expect(document.openapi).toBe('3.1.1');
  expect(await new Validator().validate(document)).toMatchObject({ valid: true });
});

it('documentation has every file that its page loads, each named by its content', () => {
  const loaded = [...bodyOf('/docs/').matchAll(/(?:src|href)="(\/docs\/assets\/[^"]+)"/g)].map(
    ([, path = '']) => path,
  );
  expect(loaded).toHaveLength(3);
  for (const path of loaded) {
    expect(path).toMatch(/\.[0-9a-f]{16}\.(js|css)$/);
    expect(pages.find((page) => page.path === path)).toMatchObject({ immutable: true });
  }
});

it('documentation begins with the first steps and sends codes of errors to the end', () => {
  const { info, tags } = JSON.parse(bodyOf('/docs/openapi.json'));
  for (const step of [
    '/api/otp/send',
    '/api/otp/verify',
    '/provision-tenant',
    '/api/auth/refresh',
    '/socket.io/',
  ])
    expect(info.description).toContain(step);
  expect(info.description).not.toContain('otp_incorrect');
  expect(bodyOf('/docs/')).toContain('<tr id="otp_incorrect">');
  expect(tags[0].name).toBe('One-time passwords');
  for (const { description } of tags) expect(description).toMatch(/^[A-Z].*\.$/);
});
