import { test } from 'node:test';
import { postgresMissing } from '../support/postgres.js';
import { soakBriefly } from '../soak/soak-briefly.js';

test(
  '30 events in the PACS and faults at random, on postgresql: no result is untrue, nothing is lost, duplicated, stuck or half-written',
  { skip: postgresMissing(), timeout: 840_000 },
  () => soakBriefly('postgresql'),
);
