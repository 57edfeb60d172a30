import type { Config } from '../config.js';
import type { StartEngineOptions } from '../engine/start-engine.js';
import type { Log } from '../log.js';

/** How the configuration wants its engine. */
export function engineOptionsOf({ engine }: Config, log: Log): StartEngineOptions {
  return {
    prefer: engine.prefer,
    log,
    limits: { answerMs: engine.answerTimeoutMs, firstAnswerMs: engine.firstAnswerTimeoutMs },
    ...(engine.threads > 0 ? { threads: engine.threads } : {}),
  };
}
