import { isForeignGraph, type LoadableNetwork } from '../../network/loadable-network.js';
import { answerRequests } from '../compute-answers.js';
import { openForeignSession } from './inference/foreign-session.js';
import { inferenceModel } from './inference/inference-model.js';
import { openSession, type BlockingSession } from './inference/inference-session.js';
import { companionsOf, withCompanions } from './model-file/companions.js';
import { describeOnnx } from './model-file/describe-classifier.js';
import type { OnnxRequest, OnnxSessionSettings, Replies } from './protocol.js';
import { openTrainingSession } from './training/open-training-session.js';
import type { TrainingSession } from './training/training-session.js';

/**
 * The engine's own process. onnxruntime-node's `run` is asynchronous in name only (it computes inside a
 * setImmediate), so in the service's it would stop HTTP, polling and timers; why not a thread: ../compute-process.ts.
 */
const sessions = new Map<number, BlockingSession>();
const trainers = new Map<number, TrainingSession>();

answerRequests(answer);

async function answer(request: OnnxRequest): Promise<Replies[keyof Replies]> {
  switch (request.kind) {
    case 'load':
      await sessions.get(request.session)?.release();
      sessions.delete(request.session);
      sessions.set(request.session, await open(request.network, request.settings));
      return undefined;
    case 'predict':
      return known(sessions, request.session).predict(request.input);
    case 'start-trainer':
      trainers.set(request.session, await openTrainingSession(request.options, request.settings));
      return undefined;
    case 'step':
      return known(trainers, request.session).step(request.batch, request.rates);
    case 'state':
      return known(trainers, request.session).state();
    case 'release':
      await (sessions.get(request.session) ?? trainers.get(request.session))?.release();
      sessions.delete(request.session);
      trainers.delete(request.session);
      return undefined;
    case 'companions':
      return companionsOf(request.model);
    case 'describe':
      return describeOnnx(withCompanions(request.files, request.main), request.main, request.options);
  }
}

function open(network: LoadableNetwork, settings: OnnxSessionSettings): Promise<BlockingSession> {
  return isForeignGraph(network) ? openForeignSession(network, settings) : openSession(inferenceModel(network), settings);
}

function known<Session>(from: ReadonlyMap<number, Session>, session: number): Session {
  const found = from.get(session);
  if (!found) throw new Error('the network was released');
  return found;
}
