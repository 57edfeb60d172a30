import { serverAccessOf } from '../http/server-access.js';
import { studySearch } from '../reporting/study-search.js';
import { loadConfig } from '../config.js';
import { textOf } from '../dicom/data-set.js';
import type { StudyInstanceUID } from '../dicom/uid.js';
import { DicomWeb } from '../dicomweb/client.js';
import { Fault, isOutage } from '../errors.js';
import { Slots } from '../http/slots.js';
import { OrthancClient } from '../orthanc/client.js';
import { explainNone, route } from '../routing/match.js';
import { loadRouting } from '../routing/rules.js';
import { selectXrays } from '../routing/select-xrays.js';
import { seriesFactsOf, type Arrival, type SeriesFacts } from '../routing/series-facts.js';
import { isOwnDocument } from '../sr/own-document.js';
import { everyStudyRow } from '../reporting/every-study.js';

/** `routes test`: runs the rules over what is in the PACS; nothing is analysed and nothing is written. */
export async function testRoutes(options: { readonly since?: string; readonly json: boolean }): Promise<void> {
  if (options.since !== undefined && !/^\d{4}-\d{2}-\d{2}$/.test(options.since))
    throw new Fault('request-invalid', `expected --since YYYY-MM-DD, found ${options.since}`);
  const { orthanc: settings, routingFile } = loadConfig();
  const routing = loadRouting(routingFile);
  if (!settings.url) throw new Fault('config-invalid', 'expected ORTHANC_URL: the rules are tried on the studies of your PACS');
  const url = settings.url.replace(/\/+$/, '');
  const endpoint = {
    ...serverAccessOf(settings),
    timeoutMs: settings.requestTimeoutMs,
    maxConcurrent: new Slots(settings.maxConcurrentRequests),
  };
  const dicomWeb = new DicomWeb({ ...endpoint, url: url + settings.dicomWebPath });
  const orthanc = new OrthancClient({ ...endpoint, url });
  const counts = new Map<string, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  try {
    const query: Record<string, string> = options.since ? { StudyDate: `${options.since.replaceAll('-', '')}-` } : {};
    for await (const page of everyStudyRow(studySearch({ dicomWeb, orthanc }), query)) {
      for (const study of page) {
        const studyInstanceUID = textOf(study, 'StudyInstanceUID') as StudyInstanceUID;
        const facts = await factsOf(studyInstanceUID, dicomWeb, orthanc);
        if (facts instanceof Fault) {
          count('not readable');
          if (options.json) console.log(JSON.stringify({ studyInstanceUID, action: 'none', code: facts.code, reason: facts.message }));
          else console.log(`${studyInstanceUID}  cannot be read (${facts.message})`);
          continue;
        }
        const decision = route(routing, facts);
        const rule = decision.action === 'none' ? undefined : decision.rule;
        count(rule?.name ?? 'no rule');
        const images = decision.action === 'analyse' ? imagesOf(decision.series) : undefined;
        const reason = decision.action === 'none' ? explainNone(decision.passedOver) : undefined;
        if (options.json)
          console.log(
            JSON.stringify({
              studyInstanceUID,
              action: decision.action,
              rule: rule?.name,
              priority: rule?.priority,
              destinations: rule?.destinations,
              images,
              reason,
            }),
          );
        else
          console.log(
            `${studyInstanceUID}  ${rule ? `${decision.action} by ${rule.name}, priority ${rule.priority}${images ? `, ${images}` : ''}` : `no rule (${reason})`}`,
          );
      }
    }
  } finally {
    dicomWeb.close();
    orthanc.close();
  }
  if (!options.json) console.log(`\n${[...counts].map(([name, count]) => `${name}: ${count}`).join(', ') || 'No study in the PACS.'}`);
}

/** Of a study that cannot be read its fault: the others are looked at all the same. */
async function factsOf(study: StudyInstanceUID, dicomWeb: DicomWeb, orthanc: OrthancClient): Promise<readonly SeriesFacts[] | Fault> {
  try {
    const instances = await dicomWeb.retrieveStudyMetadata(study);
    return seriesFactsOf(
      instances.filter((one) => !isOwnDocument(one)),
      await arrivalOf(orthanc, study),
    );
  } catch (error) {
    if (!(error instanceof Fault) || isOutage(error)) throw error;
    return error;
  }
}

/** What would be looked at, as far as headers tell. */
function imagesOf(series: Parameters<typeof selectXrays>[0]): string {
  if (series.every((one) => one.values.modality?.includes('CT')))
    return `${series.reduce((sum, one) => sum + one.instances.length, 0)} CT instances`;
  const { chosen, leftOut } = selectXrays(series, 4);
  const others = leftOut.map(({ reason }) => reason);
  return `${chosen.length} frontal${others.length ? `, left out: ${[...new Set(others)].join(', ')}` : ''}`;
}

async function arrivalOf(orthanc: OrthancClient, studyInstanceUID: StudyInstanceUID): Promise<Arrival> {
  const id = await orthanc.findStudy(studyInstanceUID);
  const instance = id && (await orthanc.seriesOf(id))[0]?.instanceIds[0];
  if (!instance) return {};
  const { remoteAet, calledAet } = await orthanc.arrivalOf(instance);
  return { callingAeTitle: remoteAet, calledAeTitle: calledAet };
}
