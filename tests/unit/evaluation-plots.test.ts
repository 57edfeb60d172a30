import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { plotDownloads, rocPlot } from '../../src/evaluation/page/plots.js';

test('usability 15: a plot of the evaluation page is downloaded as an SVG file of its own and as JSON, out of the page itself', async () => {
  const curves = [
    {
      name: 'pneumonia "left" & <right>',
      points: [
        [0, 0],
        [0.2, 0.8],
        [1, 1],
      ] as const,
    },
  ];
  const html = plotDownloads('roc', rocPlot(curves), curves);
  const contentOf = (name: string): string => {
    const [, content] = new RegExp(`download="${name}" href="data:[^,]+,([^"]+)"`).exec(html) ?? [];
    return decodeURIComponent(content ?? '');
  };
  // librsvg parses XML strictly.
  const { data, info } = await sharp(Buffer.from(contentOf('roc.svg')))
    .raw()
    .toBuffer({ resolveWithObject: true });
  let blue = 0;
  for (let at = 0; at < data.length; at += info.channels) if (data[at] === 0 && data[at + 1] === 0x72 && data[at + 2] === 0xb2) blue++;
  assert.ok(blue > 100, `${blue} pixels of the curve`);
  assert.deepEqual(JSON.parse(contentOf('roc.json')), curves);
  // Nothing of a name can end the attribute.
  assert.equal(html.match(/<a /g)!.length, 2);
  assert.equal(html.match(/<\/a>/g)!.length, 2);
});
