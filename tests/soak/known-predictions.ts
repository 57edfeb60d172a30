import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chestAi, objects, type Analyzed } from '../support/chest-ai-command.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { frontalFile } from './archive.js';
import type { KnownPredictions } from './check-archive.js';
import { pictureCount } from './plan-events.js';

/** What the model finds in each picture, from files on disk: neither an Orthanc nor a database can have mixed them up. */
export async function knownPredictions(): Promise<KnownPredictions> {
  const folder = temporaryDirectory('soak-pictures');
  const files = Array.from({ length: pictureCount }, (_, picture) => join(folder, `${picture}.dcm`));
  files.forEach((file, picture) => writeFileSync(file, frontalFile(picture)));
  const results = objects<Analyzed>(await chestAi(['analyze', '--json', ...files], {}, 300_000));
  const predictions = new Map(
    files.map((file, picture) => {
      const result = results.find((one) => one.file === file);
      assert.equal(result?.outcome, 'reported', `the simulator expects a report of its picture ${picture}, found ${result?.reason}`);
      return [picture, Object.fromEntries(result.findings.map((one) => [one.name, one.probability]))] as const;
    }),
  );
  const first = new Set([...predictions.values()].map((one) => Object.values(one)[0]!.toFixed(2)));
  assert.equal(first.size, pictureCount, `the simulator expects pictures with different findings, found ${[...first].join(' and ')}`);
  return predictions;
}
