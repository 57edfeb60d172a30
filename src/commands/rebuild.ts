import { join } from 'node:path';
import { openPacs, pacsName } from '../service/open-pacs.js';
import { rebuild } from '../rebuild/start-rebuild.js';
import { loadConfig, projectRoot } from '../config.js';
import { findingNameOf, loadFindings } from '../findings-config.js';
import { startJobs } from '../jobs/jobs.js';
import { createLog } from '../log.js';
import { loadRouting } from '../routing/rules.js';
import { openStoreBesideService } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';

/** `rebuild`: the index once more, from the PACS alone. Exit status 1 if a study could not be read. */
export async function rebuildCommand(options: { readonly json: boolean }): Promise<void> {
  const config = loadConfig();
  const log = createLog({ ...config.log, level: options.json ? 'warn' : config.log.level });
  const routing = loadRouting(config.routingFile);
  const findings = loadFindings(config.findingsFile);
  const store = await openStoreBesideService(storeLocation(config), log);
  const jobs = await startJobs(store, log);
  try {
    const pacs = await openPacs(config, log, { environment: {}, script: join(projectRoot, 'orthanc/routing.lua') });
    try {
      const settings = {
        routing,
        maxImages: config.report.maxImages,
        findingNameOf: (concept: Parameters<typeof findingNameOf>[1]) => findingNameOf(findings, concept),
      };
      const rebuilt = await rebuild(
        {
          config,
          orthanc: pacs.orthanc,
          dicomWeb: pacs.dicomWeb,
          pacsName: pacsName(config, pacs),
          store,
          jobs,
          settings,
          findings: Object.keys(findings.findings),
          log,
        },
        (studies) => {
          if (studies % 500 === 0) log.info('rebuilding', { studies });
        },
      );
      if (options.json) console.log(JSON.stringify(rebuilt));
      else {
        console.log(
          `${rebuilt.studies} studies with documents: ${rebuilt.results} results and ${rebuilt.assessments} assessments that the index did not have${rebuilt.gone > 0 ? `, ${rebuilt.gone} assessments taken away that the PACS no longer holds` : ''}`,
        );
        if (!rebuilt.orthancLabels) console.log('This Orthanc has no labels of its own (1.12 has): none were looked for.');
        for (const { studyInstanceUID, code } of rebuilt.unreadable) console.log(`${studyInstanceUID}: could not be read (${code})`);
      }
      if (rebuilt.unreadable.length > 0) process.exitCode = 1;
    } finally {
      await pacs.close();
    }
  } finally {
    await jobs.stop();
    await store.close();
  }
}
