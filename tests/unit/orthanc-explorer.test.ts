import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { projectRoot } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { openStore, type Store } from '../../src/store/store.js';
import { accessParts } from '../support/access.js';
import { compose } from '../support/compose.js';
import { temporaryDirectory } from '../support/orthanc.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

interface Button {
  readonly HttpMethod: string;
  readonly Id: string;
  readonly Tooltip: string;
  readonly Icon: string;
  readonly Target: string;
  readonly Url: string;
}

const text = readFileSync(join(projectRoot, 'orthanc/explorer-2.json'), 'utf8');
const { OrthancExplorer2 } = JSON.parse(text.replace(/\/\*[\s\S]*?\*\//g, '')) as {
  readonly OrthancExplorer2: { readonly UiOptions: { readonly CustomButtons: Readonly<Record<string, readonly Button[]>> } };
};
const { study: buttons = [], ...others } = OrthancExplorer2.UiOptions.CustomButtons;

let store: Store;
let server: TestServer;
let headers: Readonly<Record<string, string>>;
before(async () => {
  store = await openStore({ dataDir: temporaryDirectory('explorer') }, silentLog);
  const { administration } = accessParts(store);
  const { token } = await administration.addToken({ name: 'ann', roles: ['reader'] }, { actor: 'test' });
  headers = { authorization: `Bearer ${token}`, accept: 'text/html' };
  server = await startTestServer(store);
});
after(async () => {
  await server?.close();
  await store?.close();
});

test('the buttons of Orthanc Explorer 2 have what its documentation names, and nothing but links', () => {
  assert.deepEqual(
    buttons.map(({ Tooltip }) => Tooltip),
    ['AI result', 'Analyze now'],
  );
  assert.deepEqual(others, { series: [], instance: [] });
  assert.equal(new Set(buttons.map(({ Id }) => Id)).size, buttons.length);
  for (const { HttpMethod, Target, Icon, Url } of buttons) {
    assert.deepEqual([HttpMethod, Target], ['GET', '_blank'], 'a link in a tab of its own');
    assert.match(Icon, /^bi bi-[a-z-]+$/);
    assert.match(Url, /^\$\{CHEST_AI_PUBLIC_URL\}\/[\w/-]+\/\{StudyInstanceUID\}$/, 'no token of Orthanc, no attribute of the patient');
  }
});

test('each address is a page of the service, which asks for a login first', async () => {
  for (const { Url } of buttons) {
    const address = Url.replace(/^\$\{CHEST_AI_PUBLIC_URL\}/, server.url).replace('{StudyInstanceUID}', '1.2.840.99');
    const shown = await fetch(address, { headers });
    assert.equal(shown.status, 200, address);
    assert.match(shown.headers.get('content-type') ?? '', /text\/html/);
    const unknown = await fetch(address, { headers: { accept: 'text/html' } });
    assert.equal(unknown.status, 401, address);
    assert.ok((await unknown.text()).includes(`name="next" value="${new URL(address).pathname}"`), 'the login leads back to it');
  }
});

test('docker compose gives the file and its address to Orthanc, and switches the labels on', () => {
  const orthanc = compose.services['orthanc']!;
  assert.ok(orthanc.volumes!.includes('./orthanc/explorer-2.json:/etc/orthanc/explorer-2.json:ro'));
  const { PUBLIC_URL: publicUrl, RESULT_LABELS: labels } = compose.services['chest-ai']!.environment!;
  assert.equal(orthanc.environment!['CHEST_AI_PUBLIC_URL'], publicUrl);
  assert.equal(labels, 'true');
});
