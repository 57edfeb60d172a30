import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { chestAi, objects } from '../support/chest-ai-command.js';
import { chestStudy } from '../support/chest-study.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore, sendByStow } from '../support/send.js';
import { smallSamples } from '../support/small-samples.js';
import { tinyImage } from '../support/tiny-image.js';

describe('routes test beside a real Orthanc', () => {
  const pacs = useOrthanc();
  const folder = temporaryDirectory('routes');
  const written = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const access = () => ({
    ORTHANC_URL: pacs.orthanc.url,
    ORTHANC_USERNAME: pacs.orthanc.username,
    ORTHANC_PASSWORD: pacs.orthanc.password,
  });

  test('routes test: each study with its rule or the reason, rules by AE title included', async () => {
    const routingFile = written(
      'routes.yaml',
      [
        'rules:',
        '  - { name: film-scanner, when: { callingAeTitle: FILMSCANNER }, action: ignore }',
        '  - { name: chest, when: { modality: [CR, DX], bodyPart: CHEST }, action: analyse, priority: 7, destinations: [{ modality: READING }] }',
        '  - { name: ct, when: { modality: CT, bodyPart: CHEST }, action: analyse }',
      ].join('\n'),
    );
    const { hand, ct } = smallSamples();
    const chest = chestStudy('routes', [{ view: 'frontal' }, { view: 'lateral' }]);
    const scanned = chestStudy('routes scanned', [{ attributes: { StudyDate: '20250601' } }]);
    const pdf = tinyImage(
      { study: 'routes pdf' },
      {
        SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1',
        Modality: 'DOC',
        BodyPartExamined: undefined,
        Rows: undefined,
        Columns: undefined,
        PixelData: undefined,
        MIMETypeOfEncapsulatedDocument: 'application/pdf',
        EncapsulatedDocument: new Uint8Array([0x25, 0x50, 0x44, 0x46]),
      },
    );
    await sendByStow([...chest.files, ...hand.files, pdf.bytes], pacs.dicomWeb);
    await sendByCStore(ct.files, pacs.orthanc, { calling: 'SCANNER' });
    await sendByCStore(scanned.files, pacs.orthanc, { calling: 'FILMSCANNER' });
    const environment = { ...access(), ROUTING_FILE: routingFile };

    const text = await chestAi(['routes', 'test'], environment);
    assert.equal(text.code, 0, text.stderr);
    const lineOf = (uid: string): string => text.lines.find((line) => line.startsWith(uid)) ?? '';
    assert.match(lineOf(chest.studyInstanceUID), /analyse by chest, priority 7, 1 frontal, left out: lateral$/);
    assert.match(
      lineOf(hand.studyInstanceUID),
      /no rule \(film-scanner: callingAeTitle is missing, expected FILMSCANNER; chest: bodyPart is HAND, expected CHEST; ct: modality is CR, expected CT\)$/,
    );
    assert.match(lineOf(pdf.studyInstanceUID), /no rule \(.*chest: modality is DOC, expected CR, DX/);
    assert.match(lineOf(ct.studyInstanceUID), new RegExp(`analyse by ct, .*${ct.files.length} CT instances$`));
    assert.match(lineOf(scanned.studyInstanceUID), /ignore by film-scanner/);
    for (const count of ['ct: 1', 'film-scanner: 1', 'chest: 1', 'no rule: 2'])
      assert.ok(text.lines.at(-1)!.includes(count), text.lines.at(-1));

    const json = objects<{ studyInstanceUID: string; action: string; rule?: string; priority?: number; reason?: string }>(
      await chestAi(['routes', 'test', '--json'], environment),
    );
    assert.deepEqual(Object.fromEntries(json.map(({ studyInstanceUID, action, rule }) => [studyInstanceUID, [action, rule]])), {
      [chest.studyInstanceUID]: ['analyse', 'chest'],
      [hand.studyInstanceUID]: ['none', undefined],
      [pdf.studyInstanceUID]: ['none', undefined],
      [ct.studyInstanceUID]: ['analyse', 'ct'],
      [scanned.studyInstanceUID]: ['ignore', 'film-scanner'],
    });
    assert.ok(json.every((one) => (one.action === 'none') === (one.reason !== undefined)));

    const since = objects<{ studyInstanceUID: string }>(await chestAi(['routes', 'test', '--json', '--since', '2025-12-31'], environment));
    assert.equal(since.length, json.length - 1);
    assert.ok(!since.some((one) => one.studyInstanceUID === scanned.studyInstanceUID), 'a study from before');
    assert.deepEqual((await pacs.dicomWeb.searchForStudies({ ModalitiesInStudy: 'SR' }, { limit: 10 })).length, 0, 'nothing was written');
  });

  test('routes test: a wrong argument or setting gives a one-line error message', async () => {
    const { ORTHANC_URL: _url, ...withoutUrl } = access();
    const wrong: readonly (readonly [readonly string[], Record<string, string>, RegExp])[] = [
      [['routes', 'test', '--since', 'yesterday'], access(), /expected --since YYYY-MM-DD, found yesterday/],
      [['routes', 'test'], withoutUrl, /expected ORTHANC_URL/],
      [
        ['routes', 'test'],
        { ...access(), ROUTING_FILE: written('routes-broken.yaml', 'rules:\n  - { name: a, when: { modality: CR }, action: analyze }\n') },
        /routes-broken\.yaml:2: rules\.0\.action: expected analyse or ignore/,
      ],
      [['results', '--limit', '0'], access(), /expected --limit/],
    ];
    for (const [args, environment, message] of wrong) {
      const run = await chestAi(args, environment);
      assert.equal(run.code, 1);
      assert.match(run.stderr, message);
      assert.equal(run.stderr.trim().split('\n').length, 1, run.stderr);
    }
  });
});
