import { expect, test } from './fixtures';

test.describe('a person looks closer', () => {
  test('from the list of targets to a ranking to a pair with its images and curves', async ({
    page,
    finished,
  }) => {
    await page.goto(`/sweeps/${finished.id}/targets`);
    await page.getByRole('table').getByRole('link', { name: 'Z-depth', exact: true }).first().click();
    await expect(page).toHaveURL(/\/targets\/z-depth$/);
    await expect(page.getByRole('heading', { level: 1, name: 'Z-depth' })).toBeVisible();
    const ranking = page.getByRole('region', { name: 'Sources, ranked' });
    await expect(ranking.getByRole('listitem')).toHaveCount(2);
    await expect(page.getByText('curl -s')).toBeVisible();
    await ranking.getByRole('link').first().click();
    await expect(page).toHaveURL(/\/pairs\/[^/]+\/z-depth$/);
    await expect(page.getByRole('img', { name: /transfer ends at/ })).toBeVisible();
    await expect(page.getByRole('img', { name: /The transfer wins on/ })).toBeVisible();
    const truth = page.getByRole('img', { name: 'Truth A' });
    await truth.scrollIntoViewIfNeeded();
    await expect.poll(() => truth.evaluate((node: HTMLImageElement) => node.naturalWidth)).toBeGreaterThan(0);
  });

  test('pairs can be filtered and sorted, and the address keeps both', async ({ page, finished }) => {
    await page.goto(`/sweeps/${finished.id}/pairs`);
    const rows = page.getByRole('table').locator('tbody tr');
    await expect(rows).toHaveCount(9);
    await page.getByRole('searchbox').fill('autoencoding normals');
    await expect(rows).toHaveCount(2);
    await page.getByRole('button', { name: 'Quality' }).click();
    await expect(page).toHaveURL(/sort=-quality/);
    await expect(page.getByRole('columnheader', { name: 'Quality' })).toHaveAttribute(
      'aria-sort',
      'descending',
    );
    await page.reload();
    await expect(rows).toHaveCount(2);
  });

  test('runs can be filtered by state and opened to their recipe', async ({ page, finished }) => {
    await page.goto(`/sweeps/${finished.id}/runs`);
    await page.getByRole('button', { name: /^done/i }).click();
    await expect(page).toHaveURL(/state=done/);
    await page
      .getByRole('button', { name: /own network/ })
      .first()
      .click();
    await expect(page.getByText('"kind": "source"')).toBeVisible();
  });

  test('workers, tasks and the API are a click away', async ({ page }) => {
    await page.goto('/sweeps');
    const nav = page.getByRole('navigation', { name: 'Pages' });
    await nav.getByRole('link', { name: /^Workers/ }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Workers' })).toBeVisible();
    await nav.getByRole('link', { name: 'Datasets and tasks' }).click();
    await expect(page.getByText('z-depth', { exact: true })).toBeVisible();
    await expect(nav.getByRole('link', { name: 'API' })).toHaveAttribute('href', '/api/v1/docs');
  });
});
