import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { accessibilityFaults, logInAsFirst, noBrowser, screenshot } from '../support/browser.js';
import { pageStudies, usePageService } from '../support/page-service.js';
import { tinyCandidate } from '../support/tiny-model.js';
import { zipOf } from '../support/zip.js';

const skip = noBrowser();
const patience = { timeout: 60_000 };

describe('the page: analyze files', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  const { clear, opacity, hand } = pageStudies();
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
  });

  test('files are analyzed, two at once; a hand is not for this model; a text file named .dcm is refused', async () => {
    const { page } = pages.desk;
    await page.goto(`${pages.service.url}/analyze`);
    await page.setInputFiles('[data-testid=choose-files]', [
      { name: 'opacity.dcm', mimeType: 'application/dicom', buffer: Buffer.from(opacity.files[0]!) },
      {
        name: 'study.zip',
        mimeType: 'application/zip',
        buffer: zipOf([
          { name: 'a/1.dcm', content: clear.files[0]! },
          { name: 'readme.txt', content: Buffer.from('hello') },
        ]),
      },
      { name: 'hand.dcm', mimeType: 'application/dicom', buffer: Buffer.from(hand.files[0]!) },
      { name: 'letter.dcm', mimeType: 'application/dicom', buffer: Buffer.from('Dear colleague, '.repeat(100)) },
      { name: 'bomb.zip', mimeType: 'application/zip', buffer: zipOf([{ name: 'bomb.dcm', content: Buffer.alloc(40 << 20) }]) },
    ]);
    const rowOf = (name: string): ReturnType<typeof page.locator> => page.locator(`[data-testid=summary-row][data-path="${name}"]`);
    const details = page.locator('[data-testid=details]');
    await rowOf('opacity.dcm').locator('text=/Pneumonia/').waitFor(patience);
    await rowOf('opacity.dcm').locator('button.open').click();
    assert.match((await details.locator('[data-testid=finding-pneumonia]').textContent()) ?? '', /Pneumonia.*Present · [\d.]+ %/);
    // The file that is no image stands in a row of its own.
    await page.locator('[data-path="study.zip: 1.dcm"] button.open').click(patience);
    await details.locator('[data-testid=finding-pneumonia]').waitFor();
    await page.locator('[data-path="hand.dcm"][data-outcome=skipped]').waitFor(patience);
    await rowOf('hand.dcm').locator('button.open').click();
    await details.locator('text=The model is not made for this image.').waitFor();
    await rowOf('letter.dcm').locator('text=/expected a DICOM file or a picture/').waitFor(patience);
    await rowOf('bomb.zip').locator('text=/ZIP bomb/').waitFor(patience);
    await rowOf('opacity.dcm').locator('button.open').click();
    await details.locator('text=How reliable is this probability?').first().click();
    await details.locator('text=/AUROC 0\\.\\d\\d/').first().waitFor();
    assert.equal(await details.locator('[data-testid=analyzed-picture] img').count(), 2, 'the image and the colours over it');
    await screenshot(page, 'analyze');
    assert.equal((await pages.service.store.results.ofStudy(hand.studyInstanceUID)).length, 0, 'nothing is stored');
  });

  test('usability 17: two models on one picture, side by side', async () => {
    const { page } = pages.desk;
    const { version } = await pages.service.registry.add(tinyCandidate());
    await page.goto(`${pages.service.url}/analyze`);
    await page.setInputFiles('[data-testid=choose-files]', [
      { name: 'opacity.dcm', mimeType: 'application/dicom', buffer: Buffer.from(opacity.files[0]!) },
    ]);
    const details = page.locator('[data-testid=details]');
    await details.locator('[data-testid=finding-pneumonia]').waitFor(patience);
    await details.locator('select').selectOption(version);
    await details.locator(`[data-testid=analysis][data-version="${version}"]`).waitFor(patience);
    assert.equal(await details.locator('[data-testid=analysis]').count(), 2);
    assert.equal(await details.locator('[data-testid=analyzed-picture]').count(), 2);
    assert.deepEqual(await accessibilityFaults(page), []);
    await screenshot(page, 'analyze-compare', { fullPage: true });
  });

  test('a file of two gigabytes is refused with a sentence, and not sent', async () => {
    const { page } = pages.desk;
    const sent: string[] = [];
    page.on('request', (request) => request.url().includes('/api/analyze') && sent.push(request.url()));
    await page.evaluate(() => {
      const large = new File(['x'], 'whole archive.zip');
      Object.defineProperty(large, 'size', { value: 2 * 2 ** 30 });
      const drop = document.querySelector('.drop')!;
      const event = new Event('drop', { bubbles: true, cancelable: true });
      Object.defineProperty(event, 'dataTransfer', { value: { files: [large] } });
      drop.dispatchEvent(event);
    });
    await page.waitForSelector('text=/whole archive.zip has 2048 MB, but the limit is 512 MB/');
    assert.deepEqual(sent, []);
  });

  test('the service restarts in the middle of an upload: the page says so, and sends it again by itself', async () => {
    const { page } = pages.desk;
    // Slow enough to be in the middle of it.
    const session = await pages.desk.context.newCDPSession(page);
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 150_000,
    });
    await page.setInputFiles('[data-testid=choose-files]', [
      { name: 'slow.dcm', mimeType: 'application/dicom', buffer: Buffer.from(opacity.files[0]!) },
    ]);
    const card = page.locator('[data-testid=summary-row][data-path="slow.dcm"]');
    await card.locator('text=/Uploading, [1-9]/').waitFor(patience);
    await pages.stop();
    await card.locator('text=/Your file is unchanged/').waitFor(patience);
    await session.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    await pages.start();
    await card.locator('text=/Pneumonia/').waitFor(patience);
  });
});
