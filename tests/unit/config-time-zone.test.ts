import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { applyTimeZone, loadConfig, projectRoot } from '../../src/config.js';
import { compose } from '../support/compose.js';

const own = process.env['TZ'];

describe('D5: the time zone of the hospital is a setting', () => {
  afterEach(() => {
    if (own === undefined) delete process.env['TZ'];
    else process.env['TZ'] = own;
  });

  test('TIME_ZONE takes an IANA name and refuses everything else', () => {
    assert.equal(loadConfig({}).timeZone, undefined);
    for (const zone of ['Europe/Berlin', 'America/New_York', 'UTC', 'Asia/Kolkata'])
      assert.equal(loadConfig({ TIME_ZONE: zone }).timeZone, zone);
    for (const zone of ['Berlin', '+0100', '+01:00', 'Europe/Berlin ', 'Mars/Olympus', '../etc/passwd'])
      assert.throws(() => loadConfig({ TIME_ZONE: zone }), /environment variable TIME_ZONE: expected the IANA name of a time zone/, zone);
  });

  test('it becomes the local zone of the process', () => {
    const noon = new Date('2026-07-15T12:00:00Z');
    assert.deepEqual(applyTimeZone({ timeZone: 'America/New_York' }), { name: 'America/New_York', origin: 'timeZone', isStated: true });
    assert.equal(noon.getTimezoneOffset(), 240);
    applyTimeZone({ timeZone: 'Europe/Berlin' });
    assert.equal(noon.getTimezoneOffset(), -120);
  });

  test('without the setting that of TZ or the host holds; a container in UTC that nobody told its zone is noticed', () => {
    process.env['TZ'] = 'Europe/Berlin';
    assert.deepEqual(applyTimeZone({ timeZone: undefined }, true), { name: 'Europe/Berlin', origin: 'TZ', isStated: true });
    process.env['TZ'] = 'UTC';
    assert.deepEqual(applyTimeZone({ timeZone: undefined }, true), { name: 'UTC', origin: 'TZ', isStated: true });
    process.env['TZ'] = '';
    const found = applyTimeZone({ timeZone: undefined }, true);
    assert.equal(found.origin, 'host');
    if (/^(Etc\/)?UTC$/.test(found.name)) assert.equal(found.isStated, false);
    assert.equal(applyTimeZone({ timeZone: undefined }, false).isStated, true);
  });

  test('D5: docker-compose.yml passes TIME_ZONE and TZ on and sets no zone itself, so that a missing one is noticed', () => {
    const { environment = {} } = compose.services['chest-ai']!;
    // With UTC as a default it would pass for the zone of the hospital.
    assert.match(`${environment['TIME_ZONE']} ${environment['TZ']}`, /^\$\{TIME_ZONE:-\} \$\{TZ:-\}$/);
    assert.equal(loadConfig({ TIME_ZONE: '' }).timeZone, undefined, 'empty is not set');
  });

  test('a process takes the zone from TIME_ZONE, whatever TZ says', () => {
    const run = (environment: Record<string, string>): { readonly detail: string } => {
      const text = execFileSync(
        process.execPath,
        [
          '-e',
          `
        const { applyTimeZone, loadConfig } = await import(${JSON.stringify(join(projectRoot, 'dist/src/config.js'))});
        const zone = applyTimeZone(loadConfig());
        console.log(JSON.stringify({ detail: zone.name + ' ' + new Date(0).toLocaleString('sv') }));`,
          '--input-type=module',
        ],
        { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', ...environment } },
      );
      return JSON.parse(text) as { readonly detail: string };
    };
    assert.equal(run({ TIME_ZONE: 'America/New_York' }).detail, 'America/New_York 1969-12-31 19:00:00');
    assert.equal(run({ TIME_ZONE: 'Asia/Tokyo', TZ: 'UTC' }).detail, 'Asia/Tokyo 1970-01-01 09:00:00');
  });
});
