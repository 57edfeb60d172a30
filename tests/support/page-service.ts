import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import { projectRoot, type Config } from '../../src/config.js';
import { silentLog } from '../../src/log.js';
import { sampleStudies } from '../../src/samples/sample-studies.js';
import { startService, type RunningService } from '../../src/service/start-service.js';
import { openPage, startBrowser, type WatchedPage } from './browser.js';
import { cautiousStarter } from './cautious-starter.js';
import { freePort } from './free-port.js';
import { temporaryDirectory, useOrthanc } from './orthanc.js';
import { configFor } from './service.js';

/** A real service on a real Orthanc, and a browser with one page; for the tests of one `describe`. */
export interface PageService {
  readonly pacs: ReturnType<typeof useOrthanc>;
  readonly dataDir: string;
  /** The service's own copy of config/routing.yaml, in a folder of its own. */
  readonly routingFile: string;
  readonly service: RunningService;
  readonly browser: Browser;
  readonly desk: WatchedPage;
  /** Stops the service and starts it again at the same address. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Sample studies of the tests of the page. */
export function pageStudies() {
  const [clear, opacity, , lateral, hand] = sampleStudies('page', { scale: 0.35, ctSlices: 0 });
  return { clear: clear!, opacity: opacity!, lateral: lateral!, hand: hand! };
}

/** @param settings of the messages and of the reports of radiologists, called before the first start, and those of triage and assessments that differ */
export function usePageService({
  messages = () => undefined,
  reports = () => undefined,
  triage = {},
  assessments = {},
}: {
  readonly messages?: () => unknown;
  readonly reports?: () => unknown;
  readonly triage?: Partial<Config['triage']>;
  readonly assessments?: Partial<Config['assessments']>;
} = {}): PageService {
  let service: RunningService | undefined;
  let browser: Browser | undefined;
  let desk: WatchedPage | undefined;
  let port = 0;
  // Before Orthanc ends.
  after(async () => {
    await browser?.close();
    await service?.stop();
  });
  const pacs = useOrthanc();
  const dataDir = temporaryDirectory('page');
  const routingFile = join(temporaryDirectory('page-rules'), 'routing.yaml');
  copyFileSync(join(projectRoot, 'config/routing.yaml'), routingFile);
  const model = cautiousStarter();
  const start = async (): Promise<void> => {
    const config = configFor(pacs.orthanc, {
      dataDir,
      routingFile,
      triage,
      assessments,
      model: { directory: model },
      messages: messages(),
      reports: reports(),
    });
    service = await startService(
      { ...config, server: { ...config.server, port }, orthanc: { ...config.orthanc, requestTimeoutMs: 30_000 } },
      silentLog,
    );
  };
  before(async () => {
    port = await freePort();
    await start();
    browser = await startBrowser();
    desk = await openPage(browser);
  });
  return {
    pacs,
    dataDir,
    routingFile,
    start,
    async stop() {
      await service!.stop();
      service = undefined;
    },
    get service() {
      return service!;
    },
    get browser() {
      return browser!;
    },
    get desk() {
      return desk!;
    },
  };
}
