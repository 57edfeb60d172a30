import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Request } from 'express';
import { lookOf, smallPage } from '../../src/server/small-page.js';

const requestWith = (cookie: string, accepted: string | false): Request =>
  ({ get: (name: string) => (name === 'cookie' ? cookie : undefined), acceptsLanguages: () => accepted }) as unknown as Request;

test('a page without scripts has the language and theme that were chosen last, else those of the browser and dark', () => {
  assert.deepEqual(lookOf(requestWith('', 'fr')), { language: 'fr', theme: 'dark' });
  assert.deepEqual(lookOf(requestWith('chest-ai-theme=light; chest-ai-language=de', 'fr')), { language: 'de', theme: 'light' });
  assert.deepEqual(lookOf(requestWith('chest-ai-theme=dark', false)), { language: 'en', theme: 'dark' });
  // A cookie is what its sender writes.
  assert.deepEqual(lookOf(requestWith('chest-ai-theme="></style>; chest-ai-language=__proto__', 'de')), { language: 'en', theme: 'dark' });
});

test('its colours follow the theme', () => {
  const pageOf = (theme: 'dark' | 'light'): string =>
    smallPage({ title: 'A <title>', look: { language: 'de', theme }, content: '<p>one</p>' });
  assert.match(pageOf('light'), /color-scheme: light; --ground: #f4f6f7/);
  assert.match(pageOf('dark'), /color-scheme: dark; --ground: #0c1013/);
  assert.match(pageOf('light'), /<html lang="de">/);
  assert.doesNotMatch(pageOf('light'), /<title>A <title>/);
});
