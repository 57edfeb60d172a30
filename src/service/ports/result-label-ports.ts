import type { Config } from '../../config.js';
import type { Log } from '../../log.js';
import type { OrthancClient } from '../../orthanc/client.js';
import { labelIndexOf } from '../../result-labels/label-index.js';
import { labelNames } from '../../result-labels/label-names.js';
import { labelsOfOrthanc } from '../../result-labels/labels-of-orthanc.js';
import type { ResultLabelPorts } from '../../result-labels/result-labels-story.js';
import type { Store } from '../../store/store.js';

/** The ports of the result labels on the running parts. */
export function resultLabelPortsOf(
  { resultLabels }: Pick<Config, 'resultLabels'>,
  findings: readonly string[],
  orthanc: OrthancClient,
  store: Store,
  log: Log,
): ResultLabelPorts {
  return {
    index: labelIndexOf(store),
    pacs: labelsOfOrthanc(orthanc),
    names: labelNames(resultLabels, findings),
    clock: { now: () => new Date() },
    log,
  };
}
