import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heedSignal } from '../../src/reporting/heed-signal.js';
import type { ImageReader } from '../../src/serving/image-reader.js';
import type { Pacs, ReportPorts } from '../../src/reporting/ports.js';
import type { ServedModel } from '../../src/serving/model.js';

const never = new Promise<never>(() => undefined);

/** Tools that count what they are asked; the reader and the model never answer. */
function toolsOf(asked: string[]): ReportPorts {
  const pacs = {
    retrieveStudyMetadata: async () => (asked.push('metadata'), []),
    retrieveInstance: async () => new Uint8Array(1),
    storeInstances: async () => void asked.push('store'),
  } as unknown as Pacs;
  const reader = { readXray: () => (asked.push('decode'), never) } as unknown as ImageReader;
  const model = {
    name: 'm',
    version: 'v',
    judges: () => true,
    engine: { name: 'e', why: 'w' },
    predictXrays: () => (asked.push('infer'), never),
  } as unknown as ServedModel;
  return { pacs, reader, model: () => model } as unknown as ReportPorts;
}

test('D3: a job that is not ours any more asks nothing further, and waits neither for a decoder nor for an engine that hangs', async () => {
  const asked: string[] = [];
  const controller = new AbortController();
  const tools = heedSignal(toolsOf(asked), controller.signal);
  await tools.pacs.retrieveStudyMetadata('1' as never);
  assert.equal(tools.model().engine.name, 'e');
  const hanging = [tools.reader.readXray(new Uint8Array(1)), tools.model().predictXrays([])];
  controller.abort(new Error('another worker has taken this job over'));
  for (const one of hanging) await assert.rejects(one, /taken this job over/);
  await assert.rejects(tools.pacs.storeInstances([]), /taken this job over/);
  await assert.rejects(tools.reader.readXray(new Uint8Array(1)), /taken this job over/);
  assert.deepEqual(asked, ['metadata', 'decode', 'infer']);
});
