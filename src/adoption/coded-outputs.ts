import { Fault } from '../errors.js';
import { findingOfLabel, type FindingsConfig } from '../findings-config.js';
import type { NetworkFile } from '../registry/model-file.js';

type Output = NetworkFile['outputs'][number];

export interface OutputsRequest {
  readonly count: number;
  /** Names of the outputs as the publisher gives them, in their order; empty for one that was not trained. */
  readonly labels?: readonly string[] | undefined;
  /** The publisher's operating points on its probabilities; null or NaN for an output that was not trained. */
  readonly operatingPoints?: readonly (number | null)[] | undefined;
  /** `OUTPUT=FINDING`, the output by its name or by its number from 0 on; FINDING `ignore` leaves it out. */
  readonly map: readonly string[];
  readonly findings: FindingsConfig;
}

export interface CodedOutputs {
  readonly outputs: readonly Output[];
  /** How each output is read, one line each. */
  readonly messages: readonly string[];
}

/** A network of 1,000 classes of photographs is no classifier of findings. */
const maxUnmapped = 256;

/**
 * The outputs of a network of others as findings of config/findings.json, by name, synonym or `--map`. Temperature 1 and the
 * publisher's operating point, or 0.5, until they are calibrated on labels of the hospital.
 *
 * @throws Fault 'request-invalid' naming the option that decides, where nothing or two outputs are mapped to a finding
 */
export function codedOutputs({ count, labels, operatingPoints, map, findings }: OutputsRequest): CodedOutputs {
  if (labels && labels.length !== count)
    throw new Fault('request-invalid', `expected ${count} names of outputs, found ${labels.length}: state them in their order by --labels`);
  if (count > maxUnmapped && map.length === 0)
    throw new Fault(
      'request-invalid',
      `expected a classifier of findings, found ${count} outputs${count === 1000 ? ', as of a network for the photographs of ImageNet, which needs another head' : ''}: map those that are findings by --map OUTPUT=FINDING`,
    );
  if (!labels && map.length === 0)
    throw new Fault(
      'request-invalid',
      `the file does not name its ${count === 1 ? 'output' : `${count} outputs`}: state the names in their order by --labels, or --map OUTPUT=FINDING with numbers from 0 on`,
    );
  const mapped = mappingOf(map, count, labels ?? [], findings);
  const lines: string[] = [];
  const outputs = Array.from({ length: count }, (_, index): Output => {
    const label = labels?.[index] ?? '';
    const point = operatingPoints?.[index] ?? null;
    const untrained = operatingPoints !== undefined && (point === null || Number.isNaN(point));
    const finding = mapped.get(index) ?? (untrained ? undefined : findingOfLabel(findings, label));
    const shown = label === '' ? `output ${index}` : label;
    if (finding === undefined || finding === 'ignore') {
      const reason =
        finding === 'ignore'
          ? 'ignored as requested'
          : label === '' || untrained
            ? 'ignored: not trained by its publisher'
            : 'ignored: no finding of this name in config/findings.json, --map sets one';
      lines.push(`${shown}: ${reason}`);
      return { kind: 'ignored', name: `${index} ${label}`.trim() };
    }
    const published = point !== null && point > 0 && point < 1 ? { publishedThreshold: point } : {};
    lines.push(`${shown}: ${finding}${point === null || untrained ? '' : `, operating point ${point}`}`);
    return { kind: 'finding', name: finding, temperature: 1, absentBelow: 0.5, presentFrom: 0.5, ...published, calibratedHere: false };
  });
  checkFindings(outputs, labels ?? []);
  return { outputs, messages: lines };
}

function mappingOf(
  map: readonly string[],
  count: number,
  labels: readonly string[],
  findings: FindingsConfig,
): ReadonlyMap<number, string> {
  return new Map(
    map.map((text) => {
      const at = text.lastIndexOf('=');
      const [output, finding] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
      if (at < 1 || finding === '') throw new Fault('request-invalid', `expected --map OUTPUT=FINDING, found ${text}`);
      const named = labels.indexOf(output);
      const index = named >= 0 ? named : /^\d{1,4}$/.test(output) ? Number(output) : -1;
      if (index < 0 || index >= count)
        throw new Fault(
          'request-invalid',
          `--map ${text}: expected the name of an output${labels.length > 0 ? ` (${labels.filter((one) => one !== '').join(', ')})` : ''} or its number from 0 to ${count - 1}, found ${output}`,
        );
      if (finding !== 'ignore' && !Object.hasOwn(findings.findings, finding))
        throw new Fault(
          'request-invalid',
          `--map ${text}: expected a finding of config/findings.json (${Object.keys(findings.findings).slice(0, 6).join(', ')}, …) or ignore, found ${finding}`,
        );
      return [index, finding] as const;
    }),
  );
}

function checkFindings(outputs: readonly Output[], labels: readonly string[]): void {
  const findings = outputs.flatMap(({ kind, name }, index) => (kind === 'finding' ? [{ name, index }] : []));
  if (findings.length === 0)
    throw new Fault(
      'request-invalid',
      `none of the ${outputs.length} outputs (${labels.slice(0, 8).join(', ')}) is a finding of config/findings.json: use --map OUTPUT=FINDING`,
    );
  for (const { name, index } of findings) {
    const other = findings.find((one) => one.name === name && one.index < index);
    if (other)
      throw new Fault(
        'request-invalid',
        `the outputs ${other.index} (${labels[other.index] ?? ''}) and ${index} (${labels[index] ?? ''}) both mean ${name}: --map one of them to another finding or to ignore`,
      );
  }
}
