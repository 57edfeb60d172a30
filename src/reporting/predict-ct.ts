import { chooseSlices, lungRange } from '../pixels/ct/lung.js';
import { orderAxialSlices, type AxialSlice, type AxialStack } from '../pixels/ct/slice-order.js';
import { asFault, Fault } from '../errors.js';
import type { SeriesFacts } from '../routing/series-facts.js';
import type { ImageReference } from '../sr/report-content.js';
import type { Analysis, StudyFinding } from './analysis.js';
import { evidenceOf } from './evidence.js';
import { referenceTo } from './image-reference.js';
import { neighboursOf, stackedSlices } from './neighbouring-slices.js';
import { skip } from './skip.js';
import type { Stopwatch } from './stopwatch.js';
import { observationOf, tagsOf, type StudyStatistics } from '../monitoring/study-statistics.js';
import type { ImageReader, ReadImage } from '../serving/image-reader.js';
import type { Pacs, ReportPorts } from './ports.js';
import type { ServedModel, SliceFinding, StackPrediction } from '../serving/model.js';

/** Slices over the whole stack that are decoded to find the lungs. */
const probeCount = 24;
/** With fewer slices of lung the study is skipped. */
const minSlices = 4;

interface LoadedSlice<Read> {
  readonly slice: AxialSlice;
  readonly reference: ImageReference;
  readonly read: Read;
}

/**
 * Predictions for a chest CT: one axial stack is chosen, its lungs are found on a few slices, as many slices as the model needs are
 * taken equally spaced over the lungs, and the model predicts these together.
 */
export async function predictCt(
  series: readonly SeriesFacts[],
  model: ServedModel,
  reader: Pick<ImageReader, 'lungFraction' | 'readCtSlice'>,
  pacs: Pick<Pacs, 'retrieveInstance'>,
  watch: Stopwatch,
  siteOf?: ReportPorts['siteOf'],
): Promise<Analysis> {
  const instances = series.flatMap((one) => one.instances);
  const stack = orderAxialSlices(instances);
  const considered = { kind: 'ct' as const, evidence: evidenceOf(instances), findings: [], notes: [] };
  if (stack.slices.length === 0) return { ...considered, skip: skip('no-axial-ct', leftOutReasons(stack)) };

  const slices = new SliceReader(pacs, watch);
  const whole = { from: stack.slices[0]!.position, to: stack.slices.at(-1)!.position };
  const probes = await slices.readAll(chooseSlices(stack.slices, whole, probeCount), (file, frameNumber) =>
    reader.lungFraction(file, frameNumber),
  );
  const lungs = lungRange(probes.map(({ slice, read }) => ({ position: slice.position, lungFraction: read })));
  const wanted = lungs ? chooseSlices(stack.slices, lungs, model.slicesPerStudy) : [];
  const chosen =
    wanted.length < minSlices ? [] : await readWithNeighbours(wanted, stack.slices, slices, reader, model.neighbouringSlices ?? 1);
  if (chosen.length < minSlices)
    return {
      ...considered,
      skip: skip(
        'too-few-slices',
        `${wanted.length} of ${stack.slices.length} show lung, ${chosen.length} of them readable, needed ${minSlices}`,
      ),
    };

  const prediction = await watch.time('infer', () => model.predictSlices(chosen.map(({ read }) => read.image)));
  const notes = [describe(stack, chosen.length), prediction.rule, ...slices.unreadable];
  const missing = wanted.length - chosen.length;
  const remarks = missing > 0 ? [`${missing} of ${wanted.length} slices could not be read: not part of this result.`] : [];
  const evidence = chosen.map(({ reference }) => reference);
  const { engine } = prediction;
  const statistics = statisticsOf(chosen[Math.floor(chosen.length / 2)]!, prediction, siteOf);
  if (prediction.refusal !== undefined)
    return { kind: 'ct', evidence, findings: [], notes, engine, statistics, skip: skip('not-axial-chest', prediction.refusal) };
  return {
    kind: 'ct',
    evidence,
    findings: prediction.findings.map((finding) => studyFinding(finding, chosen)),
    notes,
    remarks: [...remarks, ...(model.limitations?.('ct') ?? [])],
    engine,
    statistics,
  };
}

/** The wanted slices, each with as many neighbours as the network sees together as its channels. */
async function readWithNeighbours(
  wanted: readonly AxialSlice[],
  stack: readonly AxialSlice[],
  slices: SliceReader,
  reader: Pick<ImageReader, 'readCtSlice'>,
  count: number,
): Promise<readonly LoadedSlice<ReadImage>[]> {
  const needed = [...new Set(wanted.flatMap((slice) => neighboursOf(slice, stack, count)))];
  const loaded = await slices.readAll(needed, (file, frameNumber) => reader.readCtSlice(file, frameNumber));
  const images = new Map(loaded.map(({ slice, read }) => [slice, read.image]));
  return loaded
    .filter(({ slice }) => wanted.includes(slice))
    .map((one) => {
      if (count === 1) return one;
      const around = neighboursOf(one.slice, stack, count).map((slice) => images.get(slice));
      return { ...one, read: { ...one.read, image: stackedSlices(around, one.read.image) } };
    });
}

/** Grey values are those of the middle slice, probabilities those of the whole study. */
function statisticsOf(
  { slice: { instance }, read }: LoadedSlice<ReadImage>,
  { refusal, distance, findings }: StackPrediction,
  siteOf: ReportPorts['siteOf'],
): StudyStatistics | undefined {
  if (!siteOf) return undefined;
  const probabilities = Object.fromEntries(findings.map(({ name, probability }) => [name, probability]));
  return {
    network: 'ct',
    site: siteOf(instance),
    ...observationOf(read.image, tagsOf(instance), { accepted: refusal === undefined, distance, probabilities }),
  };
}

/** Retrieves each file once, for finding the lungs and as input; faults of single slices are counted, not thrown. */
class SliceReader {
  /** Sentences about slices that could not be read. */
  readonly unreadable = new Set<string>();
  readonly #files = new Map<string, Promise<Uint8Array>>();
  readonly #pacs: Pick<Pacs, 'retrieveInstance'>;
  readonly #watch: Stopwatch;

  constructor(pacs: Pick<Pacs, 'retrieveInstance'>, watch: Stopwatch) {
    this.#pacs = pacs;
    this.#watch = watch;
  }

  /** @throws Fault if one is temporary, or if more than half of the slices cannot be read */
  async readAll<Read>(
    slices: readonly AxialSlice[],
    decode: (file: Uint8Array, frameNumber: number) => Promise<Read>,
  ): Promise<readonly LoadedSlice<Read>[]> {
    const outcomes = await Promise.all(
      slices.map((slice) => this.#readOne(slice, decode).catch((error: unknown) => asKnownFault(error, slice))),
    );
    const faults = outcomes.filter((outcome) => outcome instanceof Fault);
    const fatal = faults.find((fault) => fault.retryable) ?? (faults.length * 2 > slices.length ? faults[0] : undefined);
    if (fatal) throw fatal;
    for (const fault of faults) this.unreadable.add(`Left out, unreadable: ${fault.subject.sopInstanceUID ?? ''} (${fault.code})`);
    return outcomes.filter((outcome): outcome is LoadedSlice<Read> => !(outcome instanceof Fault));
  }

  async #readOne<Read>(slice: AxialSlice, decode: (file: Uint8Array, frameNumber: number) => Promise<Read>): Promise<LoadedSlice<Read>> {
    const reference = referenceTo(slice.instance, slice.frameNumber);
    const file = await this.#fetch(reference);
    const read = await this.#watch.time('decode', () => decode(file, slice.frameNumber));
    return { slice, reference, read };
  }

  #fetch({ studyInstanceUID, seriesInstanceUID, sopInstanceUID }: ImageReference): Promise<Uint8Array> {
    const known = this.#files.get(sopInstanceUID);
    if (known) return known;
    const file = this.#watch.time('retrieve', () => this.#pacs.retrieveInstance(studyInstanceUID, seriesInstanceUID, sopInstanceUID));
    this.#files.set(sopInstanceUID, file);
    return file;
  }
}

/** A fault is counted; any other error is a bug and is thrown. */
function asKnownFault(error: unknown, slice: AxialSlice): Fault {
  if (!(error instanceof Fault)) throw error;
  return asFault(error, 'pixels-unreadable', { sopInstanceUID: referenceTo(slice.instance).sopInstanceUID });
}

function studyFinding({ slices, box, ...finding }: SliceFinding, chosen: readonly LoadedSlice<ReadImage>[]): StudyFinding {
  const first = chosen[slices[0] ?? 0]!;
  return {
    ...finding,
    images: slices.map((index) => chosen[index]!.reference),
    ...(box ? { box, region: { image: first.reference, ...first.read.toStored(box) } } : {}),
    preview: first.read.preview,
  };
}

function describe(stack: AxialStack, count: number): string {
  const noticed = [
    stack.gaps.length > 0 && `${stack.gaps.length} gaps`,
    stack.tiltDegrees > 1 && `gantry tilt ${stack.tiltDegrees.toFixed(0)} degrees`,
    stack.leftOut.length > 0 && `${stack.leftOut.length} instances left out (${leftOutReasons(stack)})`,
  ].filter((one) => one !== false);
  return `CT: ${count} slices equally spaced over the lungs, of ${stack.slices.length}; series ${stack.reason}${noticed.length ? `; ${noticed.join(', ')}` : ''}`;
}

function leftOutReasons(stack: AxialStack): string {
  return [...new Set(stack.leftOut.map(({ reason }) => reason.replace(/series [\d.]+/, 'another series')))].slice(0, 4).join(', ');
}
