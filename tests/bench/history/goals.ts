/** A figure that the project wants to reach. */
export interface Goal {
  /** As the benchmark states it (figures.ts). */
  readonly id: string;
  readonly what: string;
  /** The file of tests/bench that measures it; undefined: there is none yet. */
  readonly bench?: string;
  readonly unit: '' | 'ms' | 's' | 'MB';
  /** The figure is at most, or at least, this. */
  readonly most?: number;
  readonly least?: number;
  /** What was tried, and why it is not reached, or was not measured. */
  readonly remark?: string;
}

const step = (network: string, name: string, batch: number, most: number, remark?: string): Goal => ({
  id: `training step ${network} ${batch}`,
  what: `training step of the whole network beside PyTorch, ${name}, batch ${batch}`,
  bench: 'engine-training',
  unit: '',
  most,
  ...(remark ? { remark } : {}),
});
const memory = (network: string, name: string): Goal => ({
  id: `training memory ${network} 32`,
  what: `peak memory of this step beside PyTorch, ${name}, batch 32`,
  bench: 'engine-training',
  unit: '',
  most: 1.1,
});

const depthwise =
  'Depthwise convolutions and both of their gradients are computed in channel blocks, the weight’s as a correlation with a group for each channel of each picture. On the same machine with plain correlations: EfficientNet-Lite0 batch 8 / 32 1.14 / 0.73, MobileNetV2 1.16 / 0.91; with a product for each tap 1.60 / 0.80 and 1.36 / 1.12.';

const earlyGradients =
  'onnxruntime computes of all outputs first the one whose last operator was made last, with all that it needs. That was the first layer’s gradient, so that the gradients of all layers’ outputs were kept (ResNet-34: 4.6 GB). Now each weight’s gradient is computed as soon as it can be, and slopes when they are needed. Without onnxruntime’s arena the peak is higher (3.2 GB), and a step a tenth slower. What is left: weights are in both processes, and filters in two orders.';

const smallNetworks =
  'A small network’s time is that of its many operators. Threads go to sleep 50 µs after each, so that the cores are there for decoding and Orthanc, and waking up costs 4 ms of the first image after a pause (MobileNetV2: 9.6 ms; with 1 ms instead of 50 µs 7.3 ms, with onnxruntime’s default 5.8 ms, without a pause 5.3 ms). With 1 ms 119, 150 and 165 studies a minute went through with 1, 2 and 4 in progress, with 50 µs 140, 188 and 188: it stays. The way to the engine’s process and back is 0.6 ms for one image and 3.4 ms for eight (as messages, in the same hour, 1.0 and 7.8 ms, and five times the time of the service’s own thread). With 8 images at once the ratio is 1.04 to 1.10.';

const analyzed =
  'From 2.25 s in November 2026: sines over all weights of the probe network, a package.json of 180 kB parsed once for each importing file, a database that file commands do not need. Not useful: Node’s compile cache.';

/** In the order of docs/reference/benchmarks.md. Processors differ: the goals of training steps are those of AMD. */
export const goals: readonly Goal[] = [
  step(
    'resnet-34',
    'ResNet-34',
    8,
    0.75,
    'Runs differ by a third on this virtual machine (1.17 and 1.50 within half an hour); an earlier AMD had 0.87.',
  ),
  step('resnet-34', 'ResNet-34', 32, 0.75),
  step('densenet-121', 'DenseNet-121', 8, 0.7),
  step('densenet-121', 'DenseNet-121', 32, 0.7),
  step('mobilenet-v2', 'MobileNetV2', 32, 0.7, depthwise),
  step('efficientnet-lite0', 'EfficientNet-Lite0', 32, 0.7, depthwise),
  { ...memory('resnet-34', 'ResNet-34'), remark: earlyGradients },
  { ...memory('densenet-121', 'DenseNet-121'), remark: 'As above; before it was 8.3 GB.' },
  ...(['starter', 'resnet-34', 'densenet-121', 'mobilenet-v2', 'efficientnet-lite0', 'convnext-tiny'] as const).map(
    (network): Goal => ({
      id: `inference ${network} 1`,
      what: `one image beside bare onnxruntime, ${network}`,
      bench: 'engine',
      unit: '',
      most: network === 'starter' ? 1.15 : 1.05,
      ...(['starter', 'mobilenet-v2', 'efficientnet-lite0'].includes(network)
        ? { remark: network === 'starter' ? smallNetworks : 'As of the starter.' }
        : {}),
    }),
  ),
  {
    id: 'report over its steps',
    what: 'StableStudy to documents on record, 2500 × 2048 CR, over the sum of its steps',
    bench: 'report-study',
    unit: '',
    most: 1.1,
    remark: 'The rest is the change log of Orthanc, the queue and the database.',
  },
  {
    id: 'report steps',
    what: 'the sum of its steps',
    bench: 'report-study',
    unit: 'ms',
    most: 350,
    remark: 'Decoding and retrieving are most of it.',
  },
  ...[1, 2, 4].map(
    (studies): Goal => ({
      id: `throughput ${studies}`,
      what: `studies a minute with ${studies} in progress, over the bound of decoding and inference`,
      bench: 'report-study',
      unit: '',
      least: 0.65,
      ...(studies === 1 ? { remark: 'Orthanc and the transfer of 10 MB a study use the same cores.' } : {}),
    }),
  ),
  {
    id: 'jpeg 2000',
    what: 'JPEG 2000, 5 megapixels, decoded',
    bench: 'pixels',
    unit: 'ms',
    most: 120,
    remark: 'The whole image is decoded; a smaller resolution, which the file also holds, is not used yet.',
  },
  { id: 'analyze', what: '`analyze` of one picture, whole process', bench: 'start', unit: 's', most: 1, remark: analyzed },
  {
    id: 'start first',
    what: '`npm start` to "service is running", first start',
    bench: 'start',
    unit: 's',
    most: 3,
    remark: 'A new embedded database takes most of it.',
  },
  {
    id: 'start later',
    what: 'the same, later',
    bench: 'start',
    unit: 's',
    most: 2,
    remark:
      'Modules, embedded database and engine start one after the other; starting the engine before the database saved nothing on two cores.',
  },
  {
    id: 'memory idle',
    what: 'resident memory of the idle service, all its processes',
    bench: 'start',
    unit: 'MB',
    most: 300,
    remark: 'The embedded database and the decoders have processes or heaps of their own.',
  },
  { id: 'memory 400 studies', what: 'the same after 400 studies', bench: 'memory-after-studies', unit: 'MB', most: 350 },
  {
    id: 'memory large ct',
    what: 'peak memory of the service’s main process with a CT of 3,000 slices',
    bench: 'large-ct',
    unit: 'MB',
    most: 600,
  },
  {
    id: 'epoch',
    what: 'an epoch of 1,000 pictures from disk over its steps alone, ResNet-34',
    bench: 'epoch',
    unit: '',
    most: 1.05,
    remark: 'Pictures are decoded once and kept on disk in the size of the network; reading and augmenting them runs beside the steps.',
  },
  {
    id: 'worklist',
    what: 'the first page, a page and a filter with 1,000,000 studies in the index, the slowest, on either database',
    bench: 'many-studies',
    unit: 'ms',
    most: 50,
  },
  {
    id: 'waiting jobs',
    what: 'jobs a second with 45,000 waiting jobs on the embedded database over an empty queue',
    bench: 'waiting-jobs',
    unit: '',
    least: 1,
  },
  ...(
    [
      [4, 0.95],
      [256, 0.9],
    ] as const
  ).map(
    ([workers, least]): Goal => ({
      id: `simulated workers ${workers}`,
      what: `${workers} workers with simulated engines over what they could do`,
      bench: 'many-workers',
      unit: '',
      least,
      ...(workers === 256
        ? {
            remark:
              'All workers, their queue and PostgreSQL share two cores, which are busy: it is not known what the queue itself would allow.',
          }
        : {}),
    }),
  ),
];
