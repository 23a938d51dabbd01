import { expect, test } from './fixtures';

const theme = (page: import('@playwright/test').Page) =>
  page.evaluate(() => document.documentElement.dataset.theme);

test('the theme follows the system until a person chooses, and the choice stays', async ({ page, sweep }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`/sweeps/${sweep.id}`);
  expect(await theme(page)).toBe('dark');
  await page.getByRole('button', { name: 'Use the light theme' }).click();
  expect(await theme(page)).toBe('light');
  await page.reload();
  expect(await theme(page)).toBe('light');
  await expect(page.getByRole('button', { name: 'Use the dark theme' })).toBeVisible();
});

test('live updates can be switched off, and the address says so', async ({ page, sweep }) => {
  await page.goto(`/sweeps/${sweep.id}`);
  const live = page.getByRole('switch', { name: /^Live/ });
  await expect(live).toBeChecked();
  await live.click();
  await expect(live).not.toBeChecked();
  await expect(page).toHaveURL(/live=off/);
});

test('Escape closes the list of sweeps, and the focus stays where it was opened', async ({ page, sweep }) => {
  await page.goto(`/sweeps/${sweep.id}`);
  const opener = page.locator('aside summary');
  const entry = page.locator('aside details').getByRole('link', { name: sweep.name }).first();
  await expect(opener).toContainText(sweep.name);
  await opener.press('Enter');
  await expect(entry).toBeVisible();
  await entry.focus();
  await page.keyboard.press('Escape');
  await expect(entry).toBeHidden();
  await expect(opener).toBeFocused();
});

test.describe('when things go wrong', () => {
  test.use({ expectedErrors: [/status of 404|ERR_FAILED/] });

  test('a server that falls silent is named, and the page goes on when it is back', async ({
    page,
    sweep,
  }) => {
    await page.goto(`/sweeps/${sweep.id}`);
    const note = page.getByText('the server does not answer');
    await expect(page.getByText(/^\d+ workers?/).first()).toBeVisible();
    await page.route('**/api/v1/workers', (route) => route.abort());
    await expect(note).toBeVisible();
    await page.unroute('**/api/v1/workers');
    await expect(note).toHaveCount(0);
  });

  test('an unknown sweep and an unknown target say so in words', async ({ page, sweep }) => {
    await page.goto('/sweeps/no-such-sweep');
    await expect(page.getByRole('main').getByRole('alert')).toContainText('no-such-sweep');
    await page.goto(`/sweeps/${sweep.id}/targets/levitation`);
    await expect(page.getByRole('main').getByRole('alert')).toContainText('levitation');
  });

  test('an address that leads nowhere shows the way back', async ({ page }) => {
    await page.goto('/nowhere');
    await expect(page.getByRole('heading', { name: 'This page is not on the map' })).toBeVisible();
    await page.getByRole('link', { name: 'To the latest sweep' }).click();
    await expect(page).toHaveURL(/\/sweeps\//);
  });
});
