import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { drawActivation } from '../pixels/heat-map.js';
import { Fault } from '../errors.js';
import type { Answer, AnsweredFinding, AnsweredImage } from '../server/page-types.js';
import { notice } from '../sr/wording.js';
import { answerUpload, isArchive, type UploadAnswer } from '../tasks/answer-upload.js';
import type { ReportTools } from '../tasks/tools.js';
import { unpackZip } from '../uploads/unpack-zip.js';
import { jpegOf } from './page-study.js';

/** Uploads that are looked at at the same time; as many again wait, the rest are told to come back. */
const atOnce = 2;
const mostWaiting = 16;
/** Colours change slowly: the browser enlarges them. */
const overlaySide = 256;

type Tools = Pick<ReportTools, 'reader' | 'model' | 'settings' | 'clock' | 'log'>;

/** Answers uploads, a few at a time, so that somebody who tries many files does not hold up the reports. */
export class UploadAnswers {
  private active = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly tools: Tools) {}

  /** @throws Fault `too-busy`, `upload-refused` */
  async answer(path: string, name: string): Promise<Answer> {
    if (this.active >= atOnce) {
      if (this.waiting.length >= mostWaiting) throw new Fault('too-busy', 'try again in a minute');
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.active++;
    try {
      return await this.now(path, name);
    } finally {
      this.active--;
      this.waiting.shift()?.();
    }
  }

  private async now(path: string, name: string): Promise<Answer> {
    const started = performance.now();
    const unpacked = `${path}.unpacked`;
    try {
      const files = isArchive(await beginningOf(path)) ? await unpackZip(path, unpacked) : [{ name, path }];
      if (files.length === 0) throw new Fault('upload-refused', 'the archive holds no file');
      const answers = await answerUpload(files, this.tools);
      const model = this.tools.model();
      return {
        notice,
        model: { name: model.name, version: model.version },
        engine: model.engine.name,
        images: await Promise.all(answers.map((one) => this.shown(one))),
        milliseconds: Math.round(performance.now() - started),
      };
    } finally {
      await rm(unpacked, { recursive: true, force: true });
    }
  }

  private async shown({ findings, ...answer }: UploadAnswer): Promise<AnsweredImage> {
    const previews = [...new Set(findings.map((one) => one.preview).filter((one) => one !== undefined))];
    const pictures = new Map(await Promise.all(previews.map(async (preview) => [preview, { url: dataUrl('image/jpeg', await jpegOf(preview)), aspect: (preview.height * preview.pixelAspect) / preview.width }] as const)));
    const [first] = pictures.values();
    const shown = await Promise.all(findings.map(async ({ name, probability, decision, absentBelow, presentFrom, box, activation, preview }): Promise<AnsweredFinding> => {
      const { concept, wording } = this.tools.settings.termsOf(name);
      const picture = preview && pictures.get(preview);
      const heatMap = picture && dataUrl('image/png', await drawActivation(activation, overlaySide, Math.max(1, Math.round(overlaySide * picture.aspect))));
      return { name, meaning: concept.meaning, wording, probability, decision, absentBelow, presentFrom, ...(box ? { box } : {}), ...(heatMap ? { heatMap } : {}), ...(picture && picture !== first ? { picture: picture.url } : {}) };
    }));
    return { ...answer, findings: shown.sort((a, b) => b.probability - a.probability), ...(first ? { picture: first } : {}) };
  }
}

async function beginningOf(path: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of createReadStream(path, { end: 3 }) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function dataUrl(type: string, bytes: Buffer): string {
  return `data:${type};base64,${bytes.toString('base64')}`;
}
