import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { figureSvg, plotScales } from '../../src/web/figure-svg.js';

const figure = {
  title: 'Loss of <run> & "test"',
  xLabel: 'steps',
  yLabel: 'loss',
  curves: [
    {
      name: 'training',
      points: [
        [1, 0.9],
        [2, 0.5],
        [3, Number.NaN],
        [4, 0.1],
      ] as const,
    },
    {
      name: 'validation',
      points: [
        [2, 0.6],
        [4, 0.4],
      ] as const,
      marks: true,
    },
    { name: 'nothing yet', points: [] },
  ],
};

test('usability 15: a figure is an SVG file that another program draws, with a point where the data say', async () => {
  const svg = figureSvg(figure);
  // librsvg, which parses XML strictly
  const { data, info } = await sharp(Buffer.from(svg)).raw().toBuffer({ resolveWithObject: true });
  assert.equal(info.width, 640);
  const colours = new Set<string>();
  for (let at = 0; at < data.length; at += info.channels) colours.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
  for (const colour of ['0,114,178', '213,94,0']) assert.ok(colours.has(colour), `a curve of colour ${colour}`);
  assert.match(svg, /Loss of &lt;run&gt; &amp; &quot;test&quot;/);
  assert.doesNotMatch(svg, /NaN/);
  // The lowest point stands on the axis, the highest at the top.
  const [, points] = /<polyline[^>]*points="([^"]+)"/.exec(svg)!;
  assert.deepEqual(points!.split(' '), ['64.0,36.0', '250.7,176.0', '624.0,316.0']);
});

test('a figure without points, and one with a single value, have axes all the same', () => {
  for (const curves of [[], [{ name: 'one', points: [[1, 5]] as const }]])
    assert.doesNotMatch(figureSvg({ ...figure, curves }), /NaN|Infinity/);
});

test('usability 15: the plot on the page has the same ends of its axes as the file', () => {
  assert.deepEqual(plotScales({ yRange: [0, 1] }), { x: { time: false }, y: { range: [0, 1] } });
  assert.deepEqual(plotScales({ xRange: [0, 1] }), { x: { time: false, range: [0, 1] }, y: {} });
  // 0.5 stands in the middle, although no point is above it.
  const curves = [
    {
      name: 'one',
      points: [
        [0, 0.5],
        [1, 0.5],
      ] as const,
    },
  ];
  assert.match(figureSvg({ ...figure, curves, yRange: [0, 1] }), /points="64.0,176.0 624.0,176.0"/);
});

test('the numbers at the ticks are those of the language; times are times', () => {
  const curves = [
    {
      name: 'one',
      points: [
        [0, 0],
        [1, 0.5],
      ] as const,
    },
  ];
  assert.match(figureSvg({ ...figure, curves }, 'de'), />0,25</);
  assert.match(figureSvg({ ...figure, curves }), />0.25</);
  const times = [
    {
      name: 'one',
      points: [
        [1_767_225_600, 3],
        [1_767_229_200, 4],
      ] as const,
    },
  ];
  assert.match(figureSvg({ ...figure, curves: times, xIsTime: true }, 'en'), /text-anchor="middle">\w{3},? \d\d:00/);
});
