import { chromium } from 'playwright-core';
import { launchOptions } from '../chromium.mjs';

/** What the page at `url` leaves in `window.result`; an exception there is one here. */
export async function resultOfPage(url) {
  const browser = await chromium.launch(launchOptions);
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on('pageerror', error => problems.push(error.message));
    page.on('requestfailed', request => problems.push(`${request.url()} failed`));
    await page.goto(url);
    await page.waitForFunction('window.result', undefined, { timeout: 30_000 }).catch(() => {});
    const result = await page.evaluate('window.result');
    if (result === undefined) throw new Error(problems.join('\n') || 'the page came to no result');
    return result;
  } finally {
    await browser.close();
  }
}
