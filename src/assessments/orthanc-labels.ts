import type { Log } from '../log.js';
import type { OrthancClient } from '../orthanc/client.js';
import type { Store } from '../store/store.js';
import type { OrthancLabelPorts } from './sync-orthanc-labels.js';

/** The labels in Orthanc, and their copy in the index. */
export function orthancLabelPorts({
  orthanc,
  store,
  findings,
  log,
}: {
  readonly orthanc: OrthancClient;
  readonly store: Store;
  readonly findings: readonly string[];
  readonly log: Log;
}): OrthancLabelPorts {
  return {
    labels: () => orthanc.labels(),
    studiesLabelled: async (label) => (await orthanc.studiesLabelled(label)).map((one) => one.studyInstanceUID),
    findings,
    replace: (labels) => store.labels.setOrthancLabels(labels),
    log,
  };
}
