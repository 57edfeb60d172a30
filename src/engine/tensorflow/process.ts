import { createPrivateFilesOnly } from '../../lib/private-files.js';
import { isForeignGraph, type LoadableNetwork } from '../../network/loadable-network.js';
import { answerRequests, postToParent, reasonOf } from '../compute-answers.js';
import type { BackendSettings } from './backend.js';
import type { InferenceNetwork } from './inference.js';
import type { TensorFlowRequest, Started, NamedValues } from './protocol.js';
import type { TensorFlowTrainingSession } from './training-session.js';

/**
 * The engine's own process. TensorFlow.js computes in the thread that calls it, so in the service's it would stop HTTP, polling
 * and timers; and a GPU driver that fails may take its process with it, which must not be the service's.
 */
createPrivateFilesOnly();
const settings = JSON.parse(process.argv[2]!) as BackendSettings;
const networks = new Map<number, InferenceNetwork>();
const trainings = new Map<number, TensorFlowTrainingSession>();

answerRequests(answer, start(), (error) => (error instanceof Error && error.name === 'Diverged' ? 'training-diverged' : undefined));

async function start(): Promise<void> {
  try {
    const { startBackend } = await import('./start-backend.js');
    postToParent({ started: await startBackend(settings) } satisfies Started);
  } catch (error) {
    postToParent({ refused: reasonOf(error) } satisfies Started);
  }
}

async function answer(request: TensorFlowRequest): Promise<NamedValues[keyof NamedValues]> {
  switch (request.kind) {
    case 'load': {
      networks.get(request.session)?.release();
      networks.delete(request.session);
      networks.set(request.session, await open(request.network));
      return undefined;
    }
    case 'predict': {
      const network = networks.get(request.session);
      if (!network) throw new Error('the network was released');
      return network.predict(request.input);
    }
    case 'train': {
      const { trainingSession } = await import('./training-session.js');
      trainings.set(request.session, trainingSession(request.options));
      return undefined;
    }
    case 'step':
      return training(request.session).step(request.batch, request.rates);
    case 'state':
      return training(request.session).state();
    case 'release':
      (networks.get(request.session) ?? trainings.get(request.session))?.release();
      networks.delete(request.session);
      trainings.delete(request.session);
      return undefined;
    case 'companions':
      return (await import('./foreign/model-json.js')).companionsOfModel(request.model);
    case 'describe':
      return (await import('./foreign/describe-model.js')).describeModel(request.main, request.files, request.options);
    case 'tensors':
      return (await import('@tensorflow/tfjs-core')).memory().numTensors;
  }
}

async function open(network: LoadableNetwork): Promise<InferenceNetwork> {
  if (isForeignGraph(network)) return (await import('./foreign/foreign-network.js')).foreignNetwork(network);
  return (await import('./inference.js')).inferenceNetwork(network);
}

function training(session: number): TensorFlowTrainingSession {
  const found = trainings.get(session);
  if (!found) throw new Error('the trainer was released');
  return found;
}
