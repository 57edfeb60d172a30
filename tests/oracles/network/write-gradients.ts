import { writeFileSync } from 'node:fs';
import { openTrainingSession } from '../../../src/engine/onnx/training/open-training-session.js';
import { writeSafetensors } from '../../../src/network/safetensors.js';
import { parametersOf } from '../../../src/network/parameters.js';
import { goldenTraining, trainerOptions, trainingBatch } from '../../unit/network-train-examples.js';

/** Started by compare_gradients.py: every gradient of the first step of a case of train.json as safetensors. */
const [name, path] = process.argv.slice(2) as [string, string];
const golden = goldenTraining.cases[name]!;
const options = trainerOptions(golden);
const session = await openTrainingSession(options, { provider: 'cpu', threads: 2 });
await session.step(trainingBatch(golden, 0), goldenTraining.rates[0]!);
const shapes = new Map(parametersOf(options.network.architecture).map((tensor) => [tensor.name, tensor.shape]));
writeFileSync(
  path,
  writeSafetensors(new Map([...(await session.gradients())].map(([tensor, data]) => [tensor, { shape: shapes.get(tensor)!, data }]))),
);
await session.release();
