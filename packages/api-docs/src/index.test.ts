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
