import { expect, test } from './fixtures';

test.describe('a person chooses a policy', () => {
  test('moving the budget solves again and the address keeps it', async ({ page, trained }) => {
    await page.goto(`/sweeps/${trained.id}/policy?budget=1`);
    await expect(page.getByRole('heading', { name: /^Train one task fully/ })).toBeVisible();
    const thumb = page.getByRole('slider', { name: 'Budget, tasks with full labels' });
    await thumb.focus();
    await page.keyboard.press('ArrowRight');
    await expect(page.getByRole('heading', { name: /^Train two tasks fully/ })).toBeVisible();
    await expect(page).toHaveURL(/budget=2/);
    await page.reload();
    await expect(page.getByRole('heading', { name: /^Train two tasks fully/ })).toBeVisible();
    await expect(page.getByText('Exact optimum')).toBeVisible();
  });

  test('a forbidden source leaves the policy', async ({ page, trained }) => {
    await page.goto(`/sweeps/${trained.id}/policy?budget=2`);
    const chosen = page.getByRole('region', { name: 'Chosen', exact: true });
    const chip = chosen.getByRole('button').first();
    const name = ((await chip.getAttribute('aria-label')) ?? '').split(',')[0] ?? '';
    await chip.click();
    await expect(page.getByRole('button', { name: `${name}, forced` })).toBeVisible();
    await page.getByRole('button', { name: `${name}, forced` }).click();
    const forbidden = page
      .getByRole('region', { name: 'Not chosen' })
      .getByRole('button', { name: `${name}, forbidden` });
    await expect(forbidden).toBeVisible();
    await expect(page).toHaveURL(/forbid=/);
  });

  test('every target is served once and a row tells how', async ({ page, trained }) => {
    await page.goto(`/sweeps/${trained.id}/policy?budget=1&maximise=gain`);
    const graph = page.getByRole('region', { name: 'Task graph' });
    await expect(graph.getByRole('listitem').filter({ has: page.getByRole('button') })).toHaveCount(2);
    await graph.getByRole('button', { name: /^2D edges/ }).click();
    await expect(page).toHaveURL(/target=edges-2d/);
    await expect(graph.getByRole('link', { name: 'Open target' })).toBeVisible();
  });
});
