import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pacs, ReportPorts } from '../../src/reporting/ports.js';
import { untilAborted } from '../../src/reporting/until-aborted.js';
import type { ImageReader } from '../../src/serving/image-reader.js';
import type { ServedModel } from '../../src/serving/model.js';

const never = new Promise<never>(() => undefined);

/** Ports that record what is requested; the reader and the model never answer. */
function portsOf(requests: string[]): ReportPorts {
  const pacs = {
    retrieveStudyMetadata: async () => (requests.push('metadata'), []),
    retrieveInstance: async () => new Uint8Array(1),
    storeInstances: async () => void requests.push('store'),
    content: {
      storedFiles: async () => (requests.push('files'), new Map([['1', 'file']])),
      digestsOf: async () => new Map(),
      removeDocuments: async () => void requests.push('remove'),
    },
  } as unknown as Pacs;
  const reader = { readXray: () => (requests.push('decode'), never) } as unknown as ImageReader;
  const model = {
    name: 'm',
    version: 'v',
    supports: () => true,
    engine: { name: 'e', why: 'w' },
    predictXrays: () => (requests.push('infer'), never),
  } as unknown as ServedModel;
  return { pacs, reader, model: () => model } as unknown as ReportPorts;
}

test('D3: a job that another worker has taken over requests nothing further, and waits neither for a decoder nor for an engine', async () => {
  const requests: string[] = [];
  const controller = new AbortController();
  const ports = untilAborted(portsOf(requests), controller.signal);
  await ports.pacs.retrieveStudyMetadata('1' as never);
  assert.equal(ports.model().engine.name, 'e');
  const hanging = [ports.reader.readXray(new Uint8Array(1)), ports.model().predictXrays([])];
  controller.abort(new Error('another worker has taken this job over'));
  for (const one of hanging) await assert.rejects(one, /taken this job over/);
  await assert.rejects(ports.pacs.storeInstances([]), /taken this job over/);
  await assert.rejects(ports.reader.readXray(new Uint8Array(1)), /taken this job over/);
  assert.deepEqual(requests, ['metadata', 'decode', 'infer']);
});

test('D14: a job sees which files the study contains, and removes its documents also after it was aborted', async () => {
  const requests: string[] = [];
  const controller = new AbortController();
  const { content } = untilAborted(portsOf(requests), controller.signal).pacs;
  assert.ok(content, 'without it a replaced image is not noticed');
  assert.equal((await content.storedFiles('1' as never)).get('1'), 'file');
  controller.abort(new Error('too late'));
  await assert.rejects(content.storedFiles('1' as never), /too late/);
  await content.removeDocuments([]);
  assert.deepEqual(requests, ['files', 'remove']);
});
