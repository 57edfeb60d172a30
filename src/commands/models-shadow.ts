import { loadConfig } from '../config.js';
import { agreementOf, type PairedPredictions } from '../evaluation/report/agreement.js';
import { createLog } from '../log.js';
import { openStoreBesideService } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';
import { chosenModel } from './chosen-model.js';

/** `models shadow`: compares the challenger with the champion on the studies that both predicted. It does not tell which one is right. */
export async function showShadow(name: string, options: { readonly line: string; readonly json: boolean }): Promise<void> {
  const config = loadConfig();
  const { version } = await chosenModel(name, config, options.line);
  const store = await openStoreBesideService(storeLocation(config), createLog({ ...config.log, level: 'warn' }));
  try {
    const rows = await store.shadow.ofVersion(version);
    const opinions = new Map<string, PairedPredictions[]>();
    for (const { findings, championFindings } of rows) {
      for (const challenger of findings) {
        const champion = championFindings.find((one) => one.name === challenger.name);
        if (champion) opinions.set(challenger.name, [...(opinions.get(challenger.name) ?? []), { champion, challenger }]);
      }
    }
    const skipped = rows.filter(({ outcome }) => outcome === 'skipped').length;
    const findings = Object.fromEntries([...opinions].map(([finding, all]) => [finding, agreementOf(all)!]));
    if (options.json) console.log(JSON.stringify({ version, studies: rows.length, skipped, findings }));
    else {
      console.log(`${version}: ${rows.length} studies in shadow, ${skipped} of them skipped`);
      for (const [finding, { n, same, opposite, presentChampion, presentChallenger, meanDifference, kappa }] of Object.entries(findings)) {
        console.log(
          `${finding}: same decision in ${same} of ${n}, opposite in ${opposite}; present ${presentChampion} by the champion, ${presentChallenger} by the challenger; mean difference ${meanDifference.toFixed(3)}; kappa ${kappa === null ? '–' : kappa.toFixed(2)}`,
        );
      }
      console.log('Not for diagnosis.');
    }
  } finally {
    await store.close();
  }
}
