import { answerRequests } from '../../src/engine/compute-answers.js';

/** The process of compute-process.ts in this folder: answers every request with the last reply that it was given, without computing. */
let reply: unknown;
// The runner of benchmarks imports every file of this folder: without a parent that asks there is nothing to do.
if (process.send)
  answerRequests(async (request: { readonly reply?: unknown }) => {
    reply = request.reply ?? reply;
    return reply;
  });
