import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { projectRoot } from '../../src/config.js';
import { firstAccountName } from '../../src/server/access/first-account.js';
import { logInFirst, ownPassword } from './access.js';

const program = '/usr/bin/chromium';
/** The processor draws: there is no graphics card where tests run (OHIF needs WebGL). */
const flags = [
  '--no-sandbox',
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why there is no browser; undefined if there is one. */
export function noBrowser(): string | undefined {
  return existsSync(program) ? undefined : `${program} is not installed`;
}

/** @param webGl false: a browser without WebGL, as on a machine whose graphics card is on the block list */
export function startBrowser({ webGl = true }: { readonly webGl?: boolean } = {}): Promise<Browser> {
  const without = ['--disable-gpu', '--disable-3d-apis'];
  return chromium.launch({
    executablePath: program,
    args: webGl ? flags : [...flags.filter((one) => !/angle|swiftshader/.test(one)), ...without],
  });
}

export interface PageOptions {
  readonly theme?: 'dark' | 'light';
  readonly width?: number;
  readonly height?: number;
  readonly language?: 'en' | 'de' | 'fr';
  /** Whether certificates of no known authority are taken. */
  readonly ignoreCertificates?: boolean;
}

/** A page whose errors are collected: `mistakes` contains the error messages of the console and uncaught exceptions. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly mistakes: string[];
}

export async function openPage(
  browser: Browser,
  { theme = 'dark', width = 1400, height = 900, language = 'en', ignoreCertificates = false }: PageOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: language,
    ignoreHTTPSErrors: ignoreCertificates,
  });
  await context.addInitScript((kept) => localStorage.setItem('chest-ai-theme', kept), theme);
  const page = await context.newPage();
  const mistakes: string[] = [];
  page.on('pageerror', (error) => mistakes.push(String(error)));
  page.on(
    'console',
    (message) => message.type() === 'error' && !message.text().startsWith('Failed to load resource') && mistakes.push(message.text()),
  );
  return { page, context, mistakes };
}

/** Through the form, as a person does it. */
export async function logInAsFirst(open: WatchedPage, url: string, dataDir: string): Promise<void> {
  // The password that the service wrote down has to be changed at the first login; a test of its own does that in the page.
  await logInFirst(url, dataDir);
  return logIn(open, url, firstAccountName, ownPassword);
}

export async function logIn({ page }: WatchedPage, url: string, name: string, password: string): Promise<void> {
  await page.goto(`${url}/login`);
  await page.fill('#name', name);
  await page.fill('#password', password);
  await page.click('button[type=submit]');
  await page.waitForSelector('h1:has-text("Worklist"), h1:has-text("Arbeitsliste"), h1:has-text("Liste de travail")');
}

/** Kept for people to look at; an ignored folder. */
export async function screenshot(page: Page, name: string, { fullPage = false }: { readonly fullPage?: boolean } = {}): Promise<void> {
  const folder = join(projectRoot, 'tests/e2e/screenshots');
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage });
}

const axe = readFileSync(join(projectRoot, 'node_modules/axe-core/axe.min.js'), 'utf8');

/**
 * What axe-core finds serious or critical on the page as it stands, by the rules of WCAG 2.1 A and AA.
 *
 * @param within a selector: only there, where the rest of the page is not ours
 */
export async function accessibilityFaults(page: Page, within?: string): Promise<readonly string[]> {
  // Evaluated by the debugger, not as a script of the page: its Content-Security-Policy stays as it is.
  await page.evaluate(`${axe}; undefined`);
  return page.evaluate(async (selector) => {
    const { axe: checker } = window as unknown as {
      axe: {
        run(
          context: unknown,
          options: unknown,
        ): Promise<{
          violations: { id: string; impact: string | null; help: string; nodes: { html: string; failureSummary?: string }[] }[];
        }>;
      };
    };
    const { violations } = await checker.run(selector ?? document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] });
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .slice(0, 3)
            .map((node) => `${node.html.slice(0, 160)} ${node.failureSummary?.split('\n')[1]?.trim().slice(0, 160) ?? ''}`)
            .join(' | ')}`,
      );
  }, within);
}
