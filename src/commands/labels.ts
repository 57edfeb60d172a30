import { readFile } from 'node:fs/promises';
import { pacsOf } from '../reporting/orthanc-pacs.js';
import { openPacs } from '../service/open-pacs.js';
import { softwareVersion } from '../software-version.js';
import { assessmentSeriesOffset } from '../assessments/assessments.js';
import { loadConfig, type Config } from '../config.js';
import { readLabelCsv } from '../dataset/label-csv.js';
import { asFault, Fault } from '../errors.js';
import { conceptsOf, loadFindings, termsOf } from '../findings-config.js';
import { createLog } from '../log.js';
import { openStoreBesideService } from '../store/store.js';
import { storeLocation } from '../store/store-location.js';
import { commandActor } from './administration.js';
import { importLabels } from '../assessments/import-labels.js';
import { consensusLabels, type ConsensusLabel } from '../assessments/adjudicated-labels.js';

/**
 * `labels import`: a list becomes assessments in the PACS, from where the service takes them. They name the reader and are not signed. It may be done
 * beside a running service. Exit status 1 if a row was refused.
 */
export async function importLabelsCommand(file: string, options: { readonly reader: string; readonly json: boolean }): Promise<void> {
  const config = loadConfig();
  const log = createLog({ ...config.log, level: 'warn' });
  // Whoever starts a command is not logged in: what is written in a reader's name is not signed in it.
  const reader = { name: options.reader };
  const findings = loadFindings(config.findingsFile);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw asFault(error, 'dataset-invalid', { source: file });
  });
  const rows = readLabelCsv(bytes, file, Object.keys(findings.findings));
  if (!config.orthanc.url) throw new Fault('config-invalid', 'expected ORTHANC_URL: labels are stored in your PACS');
  await recordIntention(config, { reader: options.reader.slice(0, 100), rows: rows.length });
  const pacs = await openPacs(config, log, { environment: {}, script: '' });
  try {
    const ports = {
      pacs: pacsOf(pacs.dicomWeb, pacs.orthanc),
      clock: { now: () => new Date() },
      softwareVersion,
      seriesNumber: config.report.seriesNumber + assessmentSeriesOffset,
      termsOf: (name: string) => termsOf(findings, name),
      codes: conceptsOf(findings),
      searchForStudies: (query: Readonly<Record<string, string>>, page: { readonly limit: number }) =>
        pacs.dicomWeb.searchForStudies(query, page),
    };
    const { stored, known, refused } = await importLabels(rows, reader, ports);
    if (options.json) console.log(JSON.stringify({ stored, known, refused }));
    else {
      console.log(`${stored} assessments stored, ${known} known already, ${refused.length} rows refused`);
      for (const { line, code, reason } of refused) console.log(`line ${line}: ${reason} (${code})`);
    }
    if (refused.length > 0) process.exitCode = 1;
  } finally {
    await pacs.close();
  }
}

/** On record before it is done. */
async function recordIntention(config: Config, subject: { readonly reader: string; readonly rows: number }): Promise<void> {
  const store = await openStoreBesideService(storeLocation(config), createLog({ ...config.log, level: 'error' }));
  try {
    await store.audit.append({ actor: commandActor(), action: 'label.import', outcome: 'intended', subject });
  } finally {
    await store.close();
  }
}

/** `labels list`: the adjudicated labels. */
export async function listLabels(options: { readonly disagreed: boolean; readonly json: boolean }): Promise<void> {
  const config = loadConfig();
  const store = await openStoreBesideService(storeLocation(config), createLog({ ...config.log, level: 'warn' }));
  const counts = { agreed: 0, disagreed: 0, undetermined: 0 };
  try {
    for (let after: string | undefined; ; ) {
      const page = await store.labels.statements(after === undefined ? {} : { after });
      if (page.length === 0) break;
      after = page.at(-1)!.studyInstanceUID;
      for (const joint of consensusLabels(page)) {
        counts[joint.state]++;
        if (options.disagreed && joint.state !== 'disagreed') continue;
        console.log(options.json ? JSON.stringify(joint) : lineOf(joint));
      }
    }
    if (!options.json)
      console.log(
        `${counts.agreed} agreed, ${counts.disagreed} disagreed (left out until a reader who may verify adjudicates), ${counts.undetermined} undetermined`,
      );
  } finally {
    await store.close();
  }
}

function lineOf({ studyInstanceUID, finding, state, decision, statements }: ConsensusLabel): string {
  const assessments = statements
    .map(
      (one) =>
        `${one.reader}${one.verified ? ' (verified)' : ''}: ${one.decision}, ${one.source}${one.givenAt ? ` ${one.givenAt.toISOString().slice(0, 16)}` : ''}`,
    )
    .join('; ');
  return `${studyInstanceUID}  ${finding}  ${decision ?? state.toUpperCase()}  ${assessments}`;
}
