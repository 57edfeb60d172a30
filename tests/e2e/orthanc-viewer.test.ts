import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import type { RunningService } from '../../src/service/start-service.js';
import { findOrthanc } from '../../src/orthanc/find-orthanc.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { heatMapNotice } from '../../src/pixels/heat-map.js';
import type { DocumentReference } from '../../src/sr/report-content.js';
import { readAssessments } from '../../src/assessments/assessments-in-pacs.js';
import { noBrowser, screenshot, startBrowser } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { temporaryDirectory, useOrthanc } from '../support/orthanc.js';
import { sendByCStore } from '../support/send.js';
import { documentsOf, eventuallyOneResult, startTestService } from '../support/service.js';

const patience = { timeout: 90_000 };
const webViewer = '/usr/share/orthanc/plugins/libOrthancWebViewer.so';
const noWebViewer = existsSync(webViewer) ? undefined : 'the package orthanc-webviewer is not installed';
const noDsr2html = existsSync('/usr/bin/dsr2html') ? undefined : 'dsr2html (dcmtk) is not installed';
const orthancProgram = await findOrthanc();
const plugins = orthancProgram?.kind === 'program' ? [orthancProgram.dicomWebPlugin, ...(noWebViewer ? [] : [webViewer])] : undefined;

describe('what somebody sees of our documents without OHIF', () => {
  let service: RunningService;
  after(() => service?.stop());
  const pacs = useOrthanc({
    extraConfig: { ...(plugins ? { Plugins: plugins } : {}), WebViewer: { CachePath: temporaryDirectory('web-viewer') } },
  });
  const [, opacity] = sampleStudies('orthanc viewer', { scale: 0.35, ctSlices: 0 });
  const study = opacity!.studyInstanceUID;
  let documents: Awaited<ReturnType<typeof documentsOf>>;
  before(async () => {
    service = await startTestService(pacs.orthanc, { assessments: { verifiers: ['petrova'], organization: 'Example Hospital' } });
    await sendByCStore(opacity!.files, pacs.orthanc);
    await eventuallyOneResult(pacs.dicomWeb, study);
    await service.assessments.give({
      studyInstanceUID: study,
      reader: service.assessments.readerOf('petrova'),
      findings: [{ name: 'pneumonia', decision: 'absent' }],
      origin: 'page',
    });
    documents = await documentsOf(pacs.dicomWeb, study);
  });

  const headers = (): Readonly<Record<string, string>> => ({
    Authorization: `Basic ${Buffer.from(`${pacs.orthanc.username}:${pacs.orthanc.password}`).toString('base64')}`,
  });
  /** Orthanc's own id of an instance or a series. */
  const idOf = async (uid: string): Promise<string> => {
    const found = (await (
      await fetch(`${pacs.orthanc.url}/tools/lookup`, { method: 'POST', headers: headers(), body: uid })
    ).json()) as readonly { readonly ID: string }[];
    return found[0]!.ID;
  };
  const htmlOf = async ({ studyInstanceUID, seriesInstanceUID, sopInstanceUID }: DocumentReference): Promise<string> => {
    const file = join(temporaryDirectory('dsr2html'), 'document.dcm');
    writeFileSync(file, await pacs.dicomWeb.retrieveInstance(studyInstanceUID, seriesInstanceUID, sopInstanceUID));
    return execFileSync('dsr2html', ['+U8', file], { encoding: 'utf8' })
      .replace(/<[^>]*>/g, ' ')
      .replace(/&nbsp;/g, ' ')
      .replace(/&quot;|&#39;/g, "'")
      .replace(/\s+/g, ' ');
  };

  test('dsr2html: the text report, the regions and the assessment say all that a physician has to know', {
    ...(noDsr2html ? { skip: noDsr2html } : {}),
  }, async () => {
    const text = documents.current.find((one) => one.kind === 'text')!;
    const percent = text.report.findings.find(({ concept }) => concept.meaning === 'Pneumonia')!.probability * 100;
    const report = await htmlOf(text.reference);
    for (const expected of [
      /OPACITY PHANTOM/,
      /not verified by a physician, not for diagnosis/,
      /appearance compatible with pneumonia/,
      /Pneumonia/,
      new RegExp(`\\b${Math.floor(percent)}[.\\d]* ?%`),
      /UNVERIFIED|Unverified/i,
    ])
      assert.match(report, expected);
    const regions = await htmlOf(documents.current.find((one) => one.kind === 'measurement')!.reference);
    for (const expected of [/Imaging Measurement Report/, /Pneumonia/, /POLYLINE|polyline/i]) assert.match(regions, expected);
    const [assessment] = readAssessments(await pacs.dicomWeb.retrieveStudyMetadata(study));
    const assessmentHtml = await htmlOf(assessment!.reference);
    for (const expected of [
      /petrova/i,
      /Pneumonia: absent\. Rejects the software's finding/,
      /Not a radiology report, not for diagnosis/,
      /VERIFIED|Verified/i,
      /Example Hospital/,
    ])
      assert.match(assessmentHtml, expected);
  });

  test('Orthanc shows the heat map in colour, as preview and rendered over DICOMweb', async () => {
    const { studyInstanceUID, seriesInstanceUID, sopInstanceUID } = documents.heatMaps[0]!.reference;
    const id = await idOf(sopInstanceUID);
    for (const [name, address] of [
      ['preview', `${pacs.orthanc.url}/instances/${id}/preview`],
      [
        'rendered',
        `${pacs.orthanc.dicomWebUrl}/studies/${studyInstanceUID}/series/${seriesInstanceUID}/instances/${sopInstanceUID}/rendered`,
      ],
    ] as const) {
      // On a busy machine Orthanc cuts an answer off now and then, and a browser asks again.
      const { red, bottom } = await eventually(name, async () => {
        const response = await fetch(address, { headers: headers() });
        assert.equal(response.status, 200);
        return coloursOf(Buffer.from(await response.arrayBuffer()));
      });
      assert.ok(red > 0.02, `${name}: ${red} of it is red`);
      assert.ok(bottom > 0.005, `${name}: the legend with "${heatMapNotice}" is bright on ${bottom} of the strip`);
    }
  });

  const noPage = noBrowser();
  test('Orthanc Explorer lists every document under its name', { ...(noPage ? { skip: noPage } : {}) }, async () => {
    await inBrowser(async (page) => {
      await page.goto(`${pacs.orthanc.url}/app/explorer.html#study?uuid=${await idOf(study)}`);
      for (const series of [/AI report: \d present/, /AI regions \(unverified\)/, /AI heat map \(unverified\)/, /Assessment: \S+/])
        await page.waitForSelector(`text=${series}`, patience);
      await screenshot(page, 'orthanc-explorer');
    });
  });

  const noPlugin = noPage ?? noWebViewer;
  test('Orthanc’s web viewer shows the heat map', { ...(noPlugin ? { skip: noPlugin } : {}) }, async () => {
    await inBrowser(async (page) => {
      await page.goto(
        `${pacs.orthanc.url}/web-viewer/app/viewer.html?series=${await idOf(documents.heatMaps[0]!.reference.seriesInstanceUID)}`,
      );
      await page.waitForSelector('canvas', patience);
      await page.waitForFunction(
        () => {
          const canvas = document.querySelector('canvas')!;
          const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
          let red = 0;
          for (let at = 0; at < data.length; at += 4) if (data[at]! - data[at + 2]! > 60) red++;
          return red > (data.length / 4) * 0.005;
        },
        undefined,
        patience,
      );
      await screenshot(page, 'orthanc-web-viewer');
    });
  });

  async function inBrowser(
    work: (page: Awaited<ReturnType<Awaited<ReturnType<typeof startBrowser>>['newPage']>>) => Promise<void>,
  ): Promise<void> {
    const browser = await startBrowser();
    try {
      const context = await browser.newContext({
        viewport: { width: 1200, height: 850 },
        httpCredentials: { username: pacs.orthanc.username, password: pacs.orthanc.password },
      });
      await work(await context.newPage());
    } finally {
      await browser.close();
    }
  }
});

/** Shares of a picture: red rather than grey, and bright within its lowest tenth. */
async function coloursOf(picture: Buffer): Promise<{ readonly red: number; readonly bottom: number }> {
  const { data, info } = await sharp(picture).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  const pixels = info.width * info.height;
  let red = 0;
  let bright = 0;
  for (let at = 0; at < pixels; at++) {
    if (data[at * 3]! - data[at * 3 + 2]! > 60) red++;
    if (at > pixels * 0.9 && data[at * 3]! > 150) bright++;
  }
  return { red: red / pixels, bottom: bright / (pixels / 10) };
}
