import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { accessibilityFaults, logIn, logInAsFirst, noBrowser, openPage, screenshot, type WatchedPage } from '../support/browser.js';
import { eventually } from '../support/eventually.js';
import { usePageService } from '../support/page-service.js';

const skip = noBrowser();

describe('the page: administration', { ...(skip ? { skip } : {}) }, () => {
  const pages = usePageService();
  let reader: WatchedPage;
  let first = '';
  before(async () => {
    await logInAsFirst(pages.desk, pages.service.url, pages.dataDir);
    reader = await openPage(pages.browser);
  });
  const shownOnce = async (): Promise<string> => (await pages.desk.page.textContent('[data-testid=shown-once]'))!;

  test('usability 11: an administrator adds an account in the page; its password is shown once', async () => {
    const { page } = pages.desk;
    await page.click('header a:has-text("Administration")');
    await page.click('button:has-text("Add account")');
    await page.fill('[data-testid=accounts-name]', 'rita');
    assert.match((await page.textContent('form[aria-label="Add account"]'))!, /12 to 200 characters, at least 5 different ones/);
    assert.deepEqual(await accessibilityFaults(page), []);
    await page.click('form button:has-text("Add account")');
    first = await shownOnce();
    assert.match(first, /^[a-z0-9-]{23}$/);
    await page.waitForSelector('tr[data-account=rita]');
    await screenshot(page, 'administration-account');
    await page.click('button:has-text("Hide")');
    await eventually('the password is gone', async () => assert.ok(!(await page.content()).includes(first)));
  });

  test('usability 7: a password change has rules and a confirmation field, and does not look like an outage', async () => {
    const { page } = reader;
    await page.goto(`${pages.service.url}/login`);
    await page.fill('#name', 'rita');
    await page.fill('#password', first);
    await page.click('button[type=submit]');
    await page.waitForSelector('h1:has-text("Change password")');
    await page.waitForSelector('text=12 to 200 characters, at least 5 different ones');
    await page.fill('#current', first);
    await page.fill('#next', 'rain on the old roof');
    await page.fill('#repeated', 'rain on the new roof');
    await page.waitForSelector('text=The two new passwords differ');
    await page.fill('#repeated', 'rain on the old roof');
    const outages: string[] = [];
    await page.exposeFunction('sawOutage', (text: string) => void outages.push(text));
    await page.evaluate(() => {
      new MutationObserver(() => {
        const text = document.body.textContent;
        if (/does not respond|connection to the service is lost/.test(text))
          (window as unknown as { sawOutage(text: string): void }).sawOutage(text);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    await page.click('button[type=submit]');
    await page.waitForSelector('text=Your password is changed');
    assert.ok(page.url().endsWith('/password'), 'no jump to the login');
    // The event stream of a session that has ended is closed by the service within its next check.
    await page.click('a:has-text("Log in")');
    await page.waitForURL(/\/login/);
    assert.deepEqual(outages, []);
    await logIn(reader, pages.service.url, 'rita', 'rain on the old roof');
  });

  test('usability 11: roles, sessions, disabling and enabling of an account', async () => {
    const { page } = pages.desk;
    const row = page.locator('tr[data-account=rita]');
    await page.goto(`${pages.service.url}/administration`);
    await page.waitForSelector('tr[data-session=rita] >> text=/Chrome \\d+, Linux/');
    await screenshot(page, 'administration', { fullPage: true });
    await row.locator('button:has-text("End sessions")').click();
    await row.locator('form button:has-text("End sessions")').click();
    await eventually('no session', async () => assert.equal(await page.locator('tr[data-session=rita]').count(), 0));
    await reader.page.goto(`${pages.service.url}/worklist`);
    await reader.page.waitForSelector('#password');
    await logIn(reader, pages.service.url, 'rita', 'rain on the old roof');
    await row.locator('button:has-text("Change roles")').click();
    await row.locator('label:has-text("Operator")').click();
    assert.deepEqual(await accessibilityFaults(page), []);
    await row.locator('button:has-text("Save")').click();
    await row.locator('text=reader, operator').waitFor();
    await row.locator('button:has-text("Disable")').click();
    await row.locator('form button:has-text("Disable")').click();
    await row.locator('text=Disabled').waitFor();
    await row.locator('button:has-text("Enable")').click();
    await eventually('enabled', async () => assert.equal(await row.locator('text=Disabled').count(), 0));
    assert.match((await page.textContent('tr[data-account=admin]'))!, /Your own account/);
  });

  test('usability 11: an API token is added, shown once, used and revoked', async () => {
    const { page } = pages.desk;
    await page.click('button:has-text("Add token")');
    await page.fill('[data-testid=tokens-name]', 'dashboard');
    await page.fill('#token-days', '30');
    await page.click('form button:has-text("Add token")');
    const headers = { authorization: `Bearer ${await shownOnce()}` };
    const status = async (): Promise<number> => (await fetch(`${pages.service.url}/api/results`, { headers })).status;
    assert.equal(await status(), 200);
    const row = page.locator('tr[data-token=dashboard]');
    await row.locator('text=/in (29|30) days/').waitFor();
    await row.locator('button:has-text("Revoke")').click();
    await row.locator('form button:has-text("Revoke")').click();
    await row.locator('text=Revoked').waitFor();
    assert.equal(await status(), 401);
  });

  test('usability 11: the view is for administrators, in every theme and width', async () => {
    await logIn(reader, pages.service.url, 'rita', 'rain on the old roof');
    await reader.page.goto(`${pages.service.url}/administration`);
    await reader.page.waitForSelector('text=Your account does not have the permission');
    for (const [theme, width, language] of [
      ['light', 1400, 'en'],
      ['dark', 390, 'de'],
    ] as const) {
      const open = await openPage(pages.browser, { theme, width, height: 844, language });
      await logInAsFirst(open, pages.service.url, pages.dataDir);
      await open.page.goto(`${pages.service.url}/administration`);
      await open.page.waitForSelector('tr[data-account=rita]');
      await open.page.waitForSelector('tr[data-token=dashboard]');
      assert.deepEqual(await accessibilityFaults(open.page), []);
      const overflow = await open.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${overflow} pixels too wide at ${width}`);
      await screenshot(open.page, `administration-${theme}-${width}`, { fullPage: true });
      await open.context.close();
    }
    assert.deepEqual(pages.desk.mistakes, []);
  });
});
