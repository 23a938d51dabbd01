import { chromium } from '@playwright/test';
import { findBrowser } from './e2e/browser';
const [, , base, out, modes, ...paths] = process.argv;
const browser = await chromium.launch(await findBrowser());
for (const mode of (modes ?? 'ld').split('')) {
  const phone = mode === mode.toUpperCase();
  const dark = mode.toLowerCase() === 'd';
  const context = await browser.newContext({ viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 1000 }, colorScheme: dark ? 'dark' : 'light' });
  const page = await context.newPage();
  page.on('console', (m) => { if (m.type() === 'error') console.log('console:', m.text().slice(0, 300)); });
  page.on('pageerror', (e) => console.log('pageerror:', e.message.slice(0, 400)));
  for (const path of paths) {
    await page.goto(base + path, { waitUntil: 'load', timeout: 120000 });
    await page.waitForTimeout(2500);
    await page.waitForFunction(() => !document.querySelector('[role=status][aria-label^=Loading]'), null, { timeout: 60000 }).catch(() => console.log('still loading', path));
    await page.waitForTimeout(400);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    if (over > 0) console.log('overflow', mode, path, over);
    await page.screenshot({ path: `${out}/${mode}-${path.replace(/[^a-z0-9]+/gi, '_')}.png`, fullPage: true });
  }
  await context.close();
}
await browser.close();
