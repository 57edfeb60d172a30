import { rm, stat } from 'node:fs/promises';
import { drawActivation } from '../../pixels/heat-map.js';
import { Fault } from '../../errors.js';
import type { AnalyzedFinding, AnalyzedImage, UploadAnalysisResult } from '../page-types.js';
import { notice } from '../../sr/wording.js';
import { analyzeUpload, isArchive, type UploadAnalysis } from '../../reporting/analyze-upload.js';
import { beginningOf } from '../../reporting/upload-header.js';
import type { ReportPorts } from '../../reporting/ports.js';
import { unpackLimits, unpackZip } from '../../uploads/unpack-zip.js';
import { jpegOf } from './study-in-pacs.js';
import type { LoadedModelVersion } from '../../serving/model-serving.js';
import type { ServingLines } from '../../serving/serving-lines.js';
import type { TriedModels } from '../../serving/tried-models.js';

/** Uploads that are analyzed at the same time; others wait, and more than `maxWaiting` are refused. */
const atOnce = 2;
const maxWaiting = 64;
/** A larger upload is analyzed alone: its images are in memory during inference. */
const largeBytes = 128 * 2 ** 20;
/** Colours change slowly: the browser enlarges them. */
const overlaySide = 256;

export interface UploadAnalysisOptions {
  /** A version that predicts instead of the champion. */
  readonly model?: string | undefined;
  /** Called before more is written to the disk. */
  readonly reserve?: ((bytes: number) => Promise<void>) | undefined;
  /** Neither image nor heat maps are returned: a summary of many files needs none. */
  readonly withoutPictures?: boolean | undefined;
  /** Aborted when the sender went away: the upload leaves the queue, and its next image is not analyzed. */
  readonly signal?: AbortSignal | undefined;
}

type AnalysisPorts = Pick<ReportPorts, 'reader' | 'model' | 'settings' | 'clock' | 'log'>;

/** Analyzes uploads, a few at a time, so that a user who sends many files does not delay the reports. */
export class UploadAnalyses {
  private active = 0;
  private readonly waiting: { readonly weight: number; readonly resume: () => void }[] = [];

  /** @param serving the upload is analyzed by one model, even if another is promoted meanwhile */
  constructor(
    private readonly ports: AnalysisPorts,
    private readonly serving?: Pick<ServingLines, 'acquireChampions'>,
    private readonly triedModels?: Pick<TriedModels, 'acquire'>,
  ) {}

  /** @throws Fault `too-busy`, `upload-refused`, `upload-broken-off`, `disk-full`, `model-unknown`, `model-invalid` */
  async analyze(path: string, name: string, options: UploadAnalysisOptions = {}): Promise<UploadAnalysisResult> {
    const weight = (await stat(path)).size > largeBytes ? atOnce : 1;
    if (this.waiting.length > 0 || this.active + weight > atOnce) {
      if (this.waiting.length >= maxWaiting) throw new Fault('too-busy', 'try again in a minute');
      await this.turn(weight, options.signal);
    } else this.active += weight;
    try {
      return await this.now(path, name, options);
    } finally {
      this.active -= weight;
      for (let [next] = this.waiting; next && this.active + next.weight <= atOnce; [next] = this.waiting) {
        this.waiting.shift();
        this.active += next.weight;
        next.resume();
      }
    }
  }

  /** @throws Fault `upload-broken-off` when the sender went away before it was its turn */
  private turn(weight: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Fault('upload-broken-off', 'the sender went away'));
      if (signal?.aborted) return gone();
      const place = {
        weight,
        resume(): void {
          signal?.removeEventListener('abort', leave);
          resolve();
        },
      };
      const leave = (): void => {
        const index = this.waiting.indexOf(place);
        if (index >= 0) this.waiting.splice(index, 1);
        gone();
      };
      this.waiting.push(place);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  private async acquire(version: string | undefined): Promise<(LoadedModelVersion & { release(): void }) | undefined> {
    if (version === undefined) {
      const champions = this.serving?.acquireChampions();
      return champions && { ...champions.first, release: () => champions.release() };
    }
    if (!this.triedModels) throw new Fault('model-unknown', `expected the deployed model, found ${version}: no other can be tried here`);
    return this.triedModels.acquire(version);
  }

  private async now(
    path: string,
    name: string,
    { model: version, reserve, signal, withoutPictures }: UploadAnalysisOptions,
  ): Promise<UploadAnalysisResult> {
    const started = performance.now();
    const unpacked = `${path}.unpacked`;
    const acquired = await this.acquire(version);
    const ports = acquired ? { ...this.ports, model: () => acquired.model, reader: acquired.reader } : this.ports;
    try {
      const files = isArchive(await beginningOf(path, 4))
        ? await unpackZip(path, unpacked, unpackLimits, reserve ? { reserve } : {})
        : [{ name, path }];
      if (files.length === 0) throw new Fault('upload-refused', 'the archive holds no file');
      const { maxImages } = ports.settings;
      const analyses = await analyzeUpload(files, { model: ports.model(), reader: ports.reader }, { maxImages, signal });
      const model = ports.model();
      return {
        notice,
        model: { name: model.name, version: model.version },
        engine: model.engine.name,
        images: await Promise.all(analyses.map((one) => this.shown(withoutPictures ? withoutPreviews(one) : one))),
        milliseconds: Math.round(performance.now() - started),
      };
    } finally {
      acquired?.release();
      await rm(unpacked, { recursive: true, force: true });
    }
  }

  private async shown({ findings, ...analysis }: UploadAnalysis): Promise<AnalyzedImage> {
    const previews = [...new Set(findings.map((one) => one.preview).filter((one) => one !== undefined))];
    const pictures = new Map(
      await Promise.all(
        previews.map(
          async (preview) =>
            [
              preview,
              { url: dataUrl('image/jpeg', await jpegOf(preview)), aspect: (preview.height * preview.pixelAspect) / preview.width },
            ] as const,
        ),
      ),
    );
    const [first] = pictures.values();
    const shown = await Promise.all(
      findings.map(
        async ({
          name,
          probability,
          decision,
          absentBelow,
          presentFrom,
          isNotCalibratedHere,
          box,
          activation,
          preview,
        }): Promise<AnalyzedFinding> => {
          const { concept, wording } = this.ports.settings.termsOf(name);
          const picture = preview && pictures.get(preview);
          // a model of others may have no map
          const heatMap =
            picture &&
            activation.width > 0 &&
            dataUrl('image/png', await drawActivation(activation, overlaySide, Math.max(1, Math.round(overlaySide * picture.aspect))));
          return {
            name,
            meaning: concept.meaning,
            wording,
            probability,
            decision,
            absentBelow,
            presentFrom,
            ...(isNotCalibratedHere ? { isNotCalibratedHere } : {}),
            ...(box ? { box } : {}),
            ...(heatMap ? { heatMap } : {}),
            ...(picture && picture !== first ? { picture: picture.url } : {}),
          };
        },
      ),
    );
    return { ...analysis, findings: shown.sort((a, b) => b.probability - a.probability), ...(first ? { picture: first } : {}) };
  }
}

function withoutPreviews(analysis: UploadAnalysis): UploadAnalysis {
  return { ...analysis, findings: analysis.findings.map(({ preview: _, ...finding }) => finding) };
}

function dataUrl(type: string, bytes: Buffer): string {
  return `data:${type};base64,${bytes.toString('base64')}`;
}
