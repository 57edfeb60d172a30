import type { DisplayFrame, DisplaySamples } from './display-frame.js';

/** Pixels of a frame that are sent as they are; 20 MB at 16 bits. A flat panel of 43 cm has 9 million. */
const maxPixels = 10e6;

/** A frame of at most 10 million pixels: of larger ones, each pixel is the mean of a square. */
export function reduced(frame: DisplayFrame): DisplayFrame {
  const factor = Math.ceil(Math.sqrt((frame.columns * frame.rows) / maxPixels));
  if (factor <= 1) return frame;
  const columns = Math.max(1, Math.floor(frame.columns / factor));
  const rows = Math.max(1, Math.floor(frame.rows / factor));
  const { left, top, right, bottom } = frame.shown;
  return {
    ...frame,
    columns,
    rows,
    samples: means(frame, columns, rows, factor),
    reduction: factor,
    ...(frame.spacing ? { spacing: [frame.spacing[0] * factor, frame.spacing[1] * factor] as const } : {}),
    shown: { left: left / factor, top: top / factor, right: right / factor, bottom: bottom / factor },
  };
}

function means({ samples, columns: stride }: DisplayFrame, columns: number, rows: number, factor: number): DisplaySamples {
  const values = samples.slice(0, columns * rows) as DisplaySamples;
  const sums = new Float64Array(columns);
  for (let y = 0; y < rows; y++) {
    sums.fill(0);
    for (let line = 0; line < factor; line++) {
      let from = (y * factor + line) * stride;
      for (let x = 0; x < columns; x++) for (let column = 0; column < factor; column++) sums[x]! += samples[from++]!;
    }
    for (let x = 0; x < columns; x++) values[y * columns + x] = Math.round(sums[x]! / factor ** 2);
  }
  return values;
}
