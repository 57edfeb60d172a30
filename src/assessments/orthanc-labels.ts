import type { Log } from '../log.js';
import type { OrthancClient } from '../orthanc/client.js';
import type { Store } from '../store/store.js';
import type { OrthancLabelPorts } from './sync-orthanc-labels.js';

/** Orthanc's own labels, and where the index keeps them. */
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
    keep: (labels) => store.labels.setOrthancLabels(labels),
    log,
  };
}
