import { Fault } from '../errors.js';
import { plainText } from '../lib/plain-text.js';

/** The model versions that an analysis of the archive may use. */
export interface ArchiveModels {
  /** The deployed version of each model line that has one, the default line's first. */
  champions(): Promise<readonly string[]>;
  /** Versions that predict in shadow; undefined where that is not known. */
  challengers(): Promise<readonly string[] | undefined>;
  /** All versions of the registries. */
  registered(): Promise<readonly string[]>;
}

/**
 * The version with which a backfill analyses. Only a deployed version may write documents: what arrives meanwhile is reported by it, and
 * each study then has one current result by a version that passed the gate. In shadow nothing is written, and any registered version
 * may predict.
 *
 * @param given a version, the beginning of one, `champion` or `challenger`; undefined: as for studies that arrive
 * @returns the whole version; undefined if none is given
 * @throws Fault `request-invalid`
 */
export async function chooseModel(
  { model: given, shadow = false }: { readonly model?: string | undefined; readonly shadow?: boolean | undefined },
  models: ArchiveModels,
): Promise<string | undefined> {
  const [champions, challengers] = await Promise.all([models.champions(), models.challengers()]);
  if (given === undefined) {
    if (shadow && challengers?.length === 0)
      throw new Fault('request-invalid', 'expected a model version that predicts in shadow (models challenge) or a model, found neither');
    return undefined;
  }
  const registered = [...new Set([...champions, ...(await models.registered())])];
  const version =
    given === 'champion' ? champions[0] : given === 'challenger' ? challengers?.[0] : onlyVersion(given.toLowerCase(), registered);
  if (version === undefined)
    throw new Fault(
      'request-invalid',
      `expected model as champion, challenger or one of ${registered.length} registered versions (models list shows them), found ${plainText(given, 40)}`,
    );
  if (!shadow && !champions.includes(version))
    throw new Fault(
      'request-invalid',
      `expected model as the deployed version (${champions.join(' or ')}), because only a deployed version writes documents, found ${version}; promote it first, or let it predict in shadow`,
    );
  return version;
}

/** @returns undefined if none or several begin so */
function onlyVersion(beginning: string, versions: readonly string[]): string | undefined {
  const found = versions.filter((version) => beginning.length > 0 && version.startsWith(beginning));
  return found.length === 1 ? found[0] : undefined;
}
