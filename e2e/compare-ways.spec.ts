import { expect, test } from './fixtures';

test.describe('a person asks how to transfer', () => {
  test('from a target to every way, at other labels, and to the pair by that method', async ({
    page,
    ways,
  }) => {
    await page.goto(`/sweeps/${ways.id}/targets/z-depth`);
    const ranking = page.getByRole('region', { name: 'Sources, ranked' });
    await expect(ranking.getByRole('listitem')).toHaveCount(4);
    await ranking.getByLabel('Method').selectOption({ label: 'all layers' });
    await expect(page).toHaveURL(/method=fine-tune/);
    await expect(ranking.getByRole('listitem')).toHaveCount(2);

    const how = page.getByRole('region', { name: 'How to transfer' });
    await expect(how.getByRole('img', { name: /similar sources: readout \d+/ })).toBeVisible();
    await how.getByRole('link', { name: /^Every way/ }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'How to transfer to Z-depth' })).toBeVisible();
    const table = page.getByRole('table', { name: 'Gain by method and source with 32 labels' });
    await expect(table.getByRole('rowheader')).toHaveText(['readout', 'all layers']);
    await expect(page.getByRole('img', { name: /^Best for each budget/ })).toBeVisible();

    await page.getByRole('group', { name: 'Labels' }).getByText('8', { exact: true }).click();
    await expect(page).toHaveURL(/labels=8/);
    const smaller = page.getByRole('table', { name: 'Gain by method and source with 8 labels' });
    await smaller
      .getByRole('row', { name: /^all layers/ })
      .getByRole('link')
      .first()
      .click();
    await expect(page).toHaveURL(/\/pairs\/[^/]+\/z-depth\?method=fine-tune$/);
    await expect(page.getByRole('heading', { level: 1, name: /by all layers$/ })).toBeVisible();
  });

  test('the matrix shows the method that is chosen, and keeps it in the address', async ({ page, ways }) => {
    await page.goto(`/sweeps/${ways.id}`);
    const method = page.getByLabel('Method');
    await expect(method).toHaveValue('readout');
    await method.selectOption({ label: 'all layers' });
    await expect(page).toHaveURL(/method=fine-tune/);
    await page.reload();
    await expect(page.getByLabel('Method')).toHaveValue('fine-tune');
  });

  test('the concepts lead to the pages of methods', async ({ page }) => {
    await page.goto('/sweeps');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Concepts' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'A map of the field' })).toBeVisible();
    await page.getByRole('article').getByRole('link', { name: 'born-again-tree' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Born-Again Trees' })).toBeVisible();
  });
});
