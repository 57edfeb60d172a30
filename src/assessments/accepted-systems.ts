import type { Config } from '../config.js';
import type { Log } from '../log.js';
import type { Store } from '../store/store.js';

/** What is decided once for an installation without the setting; kept in the database. */
const decisionName = 'systems whose assessments are accepted';

/**
 * The systems whose documents count as labels: assessments.acceptFrom, or without it only those that store with a login at Orthanc
 * (`http`), because any sender that knows Orthanc's address can put a physician's name into a document.
 *
 * Releases up to 0.2.0 accepted every sender. An installation whose index contains assessments of other systems goes on to do so, with
 * a warning at each start, until the setting is given.
 */
export async function acceptedSystems(
  { assessments: { acceptFrom } }: Pick<Config, 'assessments'>,
  { assessments, retraining }: Pick<Store, 'assessments' | 'retraining'>,
  log: Log,
): Promise<readonly string[]> {
  if (acceptFrom !== undefined) {
    if (acceptFrom.includes('*'))
      log.warn(
        'assessments.acceptFrom is "*": a signed document counts as a label whoever stores it; list the AE titles of the reading systems, and http',
      );
    return acceptFrom;
  }
  const everySystem = (await assessments.countOfOtherSystems()) > 0;
  const decided = await retraining.keepFirst(decisionName, everySystem ? ['*'] : ['http']);
  const accepted = Array.isArray(decided) ? decided.map(String) : ['http'];
  if (accepted.includes('*'))
    log.warn(
      'assessments.acceptFrom is not set. As in earlier releases, a signed document counts as a label whoever stores it, because the index contains such labels; set it to the AE titles of the reading systems, and http',
    );
  return accepted;
}
