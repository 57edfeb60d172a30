import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Fault } from '../../src/errors.js';
import { OrthancClient } from '../../src/orthanc/client.js';
import { chestStudy } from '../support/chest-study.js';
import { useOrthanc } from '../support/orthanc.js';
import { startRecordingProxy, type RecordingProxy } from '../support/recording-proxy.js';
import { sendByStow } from '../support/send.js';

/** Labels come from settings and from what Orthanc says that a study carries. */
describe('C1: a label, whatever it is, names a label of that study and nothing else', () => {
  let proxy: RecordingProxy;
  after(() => proxy?.close());
  const pacs = useOrthanc();

  test('C1: labels with paths, queries and control characters', async () => {
    proxy = await startRecordingProxy(pacs.orthanc);
    const victim = chestStudy('victim of a label');
    await sendByStow(victim.files, pacs.dicomWeb);
    const id = (await pacs.client.findStudy(victim.studyInstanceUID))!;
    const labels = [
      `x/../../${id}`,
      `../${id}?_method=DELETE&a=`,
      '..',
      '.',
      '',
      '/',
      'ai-?_method=DELETE',
      'ai-#',
      'ai-%2e%2e%2f',
      'ai-\\..',
      'ai-\r\nX-HTTP-Method-Override: DELETE',
      'ai-\0',
      'a'.repeat(300),
      'ai-é',
      'ai-\ud800',
      'DOE^JOHN',
    ];
    const client = new OrthancClient({ ...pacs.endpoint, url: proxy.url });
    try {
      for (const label of labels)
        for (const change of [() => client.setLabel(id, label), () => client.removeLabel(id, label)])
          await change().catch((error: unknown) => assert.ok(error instanceof Fault && error.code !== 'internal', String(error)));
    } finally {
      client.close();
    }
    const segment = String.raw`(?!\.|%2e)([A-Za-z0-9._~!$'()*,:@-]|%(?!2f|5c|00|0a|0d)[0-9a-f]{2})+`;
    const address = new RegExp(`^(PUT|DELETE) /studies/${id}/labels/${segment}$`, 'i');
    assert.ok(proxy.requests.length > 0);
    for (const { method, target, headers } of proxy.requests) {
      assert.match(`${method} ${target}`, address);
      assert.ok(!('x-http-method-override' in headers));
    }
    assert.equal((await pacs.client.study(id)).studyInstanceUID, victim.studyInstanceUID, 'the study is still there');
    assert.ok((await pacs.client.seriesOf(id)).length > 0);
  });
});
