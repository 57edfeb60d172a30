import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAfterMsOf } from '../../src/http/retry-after.js';

test('Retry-After in seconds or as a date, at most an hour; what cannot be read asks for nothing', () => {
  const now = Date.parse('2026-01-02T08:00:00Z');
  const cases: readonly (readonly [string | readonly string[] | undefined, number | undefined])[] = [
    ['120', 120_000],
    [' 0 ', 0],
    ['Fri, 02 Jan 2026 08:00:30 GMT', 30_000],
    ['Fri, 02 Jan 2026 07:00:00 GMT', 0],
    ['86400', 3_600_000],
    ['Sat, 03 Jan 2026 08:00:00 GMT', 3_600_000],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
    [['30'], 30_000],
  ];
  for (const [header, expected] of cases) assert.equal(retryAfterMsOf(header, now), expected, String(header));
});
