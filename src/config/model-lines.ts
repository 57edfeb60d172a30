import { Fault } from '../errors.js';
import { defaultLine } from '../lib/model-line.js';
import { retrainingSettings } from './learning.js';
import type { Config } from './schema.js';

/** A model line with all its settings: what belongs to a line, and nothing of the others. */
export interface ModelLine {
  readonly name: string;
  /** Folder of its first version; the default line always has one. */
  readonly directory: string | undefined;
  /** The only findings that it reports; undefined for all. */
  readonly findings: readonly string[] | undefined;
  readonly thresholds: Readonly<Record<string, { readonly absentBelow?: number | undefined; readonly presentFrom?: number | undefined }>>;
  readonly retraining: Config['retraining'];
  readonly drift: Config['drift'];
}

/**
 * The model lines by falling precedence: the default line first among equals, then the order of the setting `models`.
 *
 * @throws Fault `config-invalid` if what a line has different does not fit the rest
 */
export function modelLinesOf(config: Config): readonly ModelLine[] {
  const { model, models, retraining, drift } = config;
  const first = {
    precedence: model.precedence,
    line: {
      name: defaultLine,
      directory: model.directory,
      findings: undefined,
      thresholds: {},
      retraining,
      drift,
    } satisfies ModelLine,
  };
  const others = models.map(({ name, directory, precedence, findings, thresholds, ...own }) => ({
    precedence,
    line: {
      name,
      directory,
      findings,
      thresholds,
      retraining: checkedRetraining(name, changed(retraining, own.retraining)),
      drift: changed(drift, own.drift),
    } satisfies ModelLine,
  }));
  return [first, ...others].sort((one, other) => other.precedence - one.precedence).map(({ line }) => line);
}

/** @throws Fault `request-invalid` naming the lines that there are */
export function modelLine(config: Config, name: string): ModelLine {
  const lines = modelLinesOf(config);
  const found = lines.find((line) => line.name === name);
  if (found) return found;
  throw new Fault('request-invalid', `expected one of the model lines ${lines.map((line) => line.name).join(', ')}, found another name`);
}

/** The settings with those in place that are given. */
function changed<Settings extends object>(
  settings: Settings,
  given: { readonly [Key in keyof Settings]?: Settings[Key] | undefined },
): Settings {
  return { ...settings, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

/** The rules that hold between several settings are checked with those of the default line in place. */
function checkedRetraining(name: string, settings: Config['retraining']): Config['retraining'] {
  const checked = retrainingSettings.safeParse(settings);
  if (checked.success) return checked.data;
  throw new Fault('config-invalid', `models, line ${name}, retraining: ${checked.error.issues.map(({ message }) => message).join('; ')}`);
}
