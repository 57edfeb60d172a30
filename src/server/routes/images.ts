import { Fault } from '../../errors.js';
import type { DisplayFrame } from '../../pixels/display/display-frame.js';
import type { FrameAttributes } from '../page-types.js';
import type { ServerParts } from '../ports.js';
import { defineRoute, type Route } from '../route.js';
import { studyImagesSchema } from '../schemas/images.js';
import { startedPorts } from '../started-ports.js';

/** The images of a study for a viewer in the browser, which windows them itself. */
export function imageRoutes(parts: ServerParts): readonly Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/api/studies/:study/images',
      access: 'viewer',
      summary: 'The images of a study as stacks of frames, in reading order',
      reply: { json: studyImagesSchema },
      async handle({ param, actor }) {
        const study = param('study');
        const images = await startedPorts(parts).page.images(study);
        await parts.audit.recordView({ ...actor, action: 'study.view', subject: { studyInstanceUID: study } });
        return images;
      },
    }),
    defineRoute({
      method: 'get',
      path: '/api/studies/:study/series/:series/instances/:instance/frames/:frame/pixels',
      access: 'viewer',
      summary: 'The values of one frame, decoded and upright, with the windows to show them',
      description:
        'Four bytes with the length of a JSON text (little endian), the text (FrameAttributes: columns, rows, type, slope, intercept, unit, isInverse, windows, spacing, pixelAspect, reduction, shown), ' +
        'spaces up to a multiple of four bytes, and the values row by row. A frame of more than 10 million pixels is reduced.',
      reply: { content: 'application/octet-stream' },
      async handle({ param, actor, response }) {
        const study = param('study');
        const gone = new AbortController();
        response.once('close', () => gone.abort());
        const { page } = startedPorts(parts);
        const frame = await page.displayFrame(study, param('series'), param('instance'), frameNumberOf(param('frame')), gone.signal);
        await parts.audit.recordView({ ...actor, action: 'study.view', subject: { studyInstanceUID: study } });
        // Stored by the browser for as long as a user looks at the study, and by no proxy.
        response.set('Cache-Control', 'private, max-age=600').type('application/octet-stream').send(bodyOf(frame));
      },
    }),
  ];
}

const maxFrame = 100_000;

function frameNumberOf(text: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= maxFrame) return number;
  throw new Fault('request-invalid', `expected a frame number from 1 to ${maxFrame} in the address, found something else`);
}

/** Attributes as JSON, and the values behind them. */
export function bodyOf(frame: DisplayFrame): Buffer {
  const { samples, columns, rows, slope, intercept, unit, isInverse, windows, spacing, pixelAspect, reduction, shown } = frame;
  const attributes: FrameAttributes = {
    columns,
    rows,
    type: samples instanceof Uint8Array ? 'uint8' : samples instanceof Int16Array ? 'int16' : 'uint16',
    slope,
    intercept,
    unit,
    isInverse,
    windows,
    ...(spacing ? { spacing: [spacing[0], spacing[1]] as const } : {}),
    pixelAspect,
    reduction,
    shown,
  };
  const text = Buffer.from(JSON.stringify(attributes));
  const padded = Buffer.alloc(4 + Math.ceil(text.length / 4) * 4, ' ');
  padded.writeUInt32LE(padded.length - 4);
  text.copy(padded, 4);
  return Buffer.concat([padded, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}
