import { test } from 'node:test';

import { soakBriefly } from '../soak/soak-briefly.js';

test(
  '30 events in the PACS and faults at random, on embedded: no result is untrue, nothing is lost, duplicated, stuck or half-written',
  { timeout: 840_000 },
  () => soakBriefly('embedded'),
);
