import { clickTile, expect, matrix, test } from './fixtures';

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

test('a person reads the matrix on a phone and walks along a row', async ({ page, finished }) => {
  await page.goto(`/sweeps/${finished.id}?order=a-z`);
  await expect(matrix(page)).toBeVisible();
  await clickTile(page, 0, 1);
  const sheet = page.getByRole('region', { name: 'Selected cell' });
  await expect(sheet.getByRole('heading')).toHaveText(/Autoencoding to Surface normals/);
  await sheet.getByRole('button', { name: 'Next source' }).click();
  await sheet.getByRole('button', { name: 'Next source' }).click();
  await expect(sheet.getByRole('heading')).toHaveText(/Z-depth to Surface normals/);
  await sheet.getByRole('link', { name: 'Open target' }).click();
  await expect(page).toHaveURL(/\/targets\/surface-normals$/);
});

test('no page is wider than the phone', async ({ page, finished, trained }) => {
  const base = `/sweeps/${finished.id}`;
  for (const path of [
    base,
    `/sweeps/${trained.id}/policy`,
    `${base}/targets`,
    `${base}/targets/z-depth`,
    `${base}/pairs/autoencoding/z-depth`,
    `${base}/runs`,
    '/sweeps',
    '/sweeps/new',
    '/workers',
    '/tasks',
  ]) {
    await page.goto(path);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(page.locator('.skeleton')).toHaveCount(0);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width, path).toBeLessThanOrEqual(390);
  }
});

test('the list of targets is read without scrolling sideways', async ({ page, finished }) => {
  await page.goto(`/sweeps/${finished.id}/targets`);
  const table = page.getByRole('table', { name: 'Targets' });
  await expect(table.getByText('best: ').first()).toBeVisible();
  // Task names of the published size would not fit beside each other.
  await expect(table.getByRole('columnheader', { name: 'Best source' })).toBeHidden();
  const [needs, has] = await table.evaluate(({ parentElement: box }) => [box?.scrollWidth, box?.clientWidth]);
  expect(needs).toBeLessThanOrEqual(has ?? 0);
});

test('tabs and menu lead everywhere', async ({ page, trained }) => {
  await page.goto(`/sweeps/${trained.id}`);
  await page.getByRole('navigation', { name: 'Tabs' }).getByRole('link', { name: 'Policy' }).click();
  await expect(page).toHaveURL(/\/policy$/);
  await page.getByRole('button', { name: 'Menu' }).click();
  const menu = page.getByRole('dialog', { name: 'Menu' });
  await menu.getByRole('link', { name: 'Datasets and tasks' }).click();
  await expect(page).toHaveURL(/\/tasks$/);
  await expect(menu).toBeHidden();
});
