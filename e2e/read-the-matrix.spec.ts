import { clickTile, expect, matrix, test } from './fixtures';

test.describe('a person reads the matrix', () => {
  test('the start page opens the latest sweep with its finding and progress', async ({ page, sweep }) => {
    await page.goto('/');
    await expect(page).toHaveURL(/\/sweeps\/[^/]+$/);
    await page.goto(`/sweeps/${sweep.id}`);
    await expect(page.getByRole('heading', { name: 'Which tasks teach which?' })).toBeVisible();
    await expect(page.getByRole('region', { name: 'Progress' })).toContainText('runs');
    await expect(matrix(page)).toBeVisible();
  });

  test('unit and order are kept in the address and survive a reload', async ({ page, finished }) => {
    await page.goto(`/sweeps/${finished.id}`);
    await expect(matrix(page)).toBeVisible();
    await page.getByRole('radio', { name: 'Gain' }).click({ force: true });
    await page.getByRole('radio', { name: 'A–Z' }).click({ force: true });
    await expect(page).toHaveURL(/unit=gain/);
    await expect(page).toHaveURL(/order=a-z/);
    await expect(page.getByText('Gain, share of test images won against scratch')).toBeVisible();
    await page.reload();
    await expect(page.getByRole('radio', { name: 'Gain' })).toBeChecked();
    await expect(page.getByRole('radio', { name: 'A–Z' })).toBeChecked();
  });

  test('a click selects a cell, a second click opens its pair', async ({ page, finished }) => {
    await page.goto(`/sweeps/${finished.id}?order=a-z`);
    await expect(matrix(page)).toBeVisible();
    await clickTile(page, 1, 0);
    const panel = page.getByRole('complementary', { name: 'Selected cell' });
    await expect(panel.getByRole('heading', { name: 'Surface normals to Autoencoding' })).toBeVisible();
    await expect(panel).toContainText('of images beat scratch');
    await expect(page).toHaveURL(/source=surface-normals/);
    await page.reload();
    await expect(panel.getByRole('heading', { name: 'Surface normals to Autoencoding' })).toBeVisible();
    await clickTile(page, 1, 0);
    await expect(page).toHaveURL(/\/pairs\/surface-normals\/autoencoding$/);
    await expect(
      page.getByRole('heading', { level: 1, name: 'Surface normals to Autoencoding' }),
    ).toBeVisible();
  });

  test('the keyboard moves the selection and opens the pair', async ({ page, finished }) => {
    await page.goto(`/sweeps/${finished.id}?order=a-z`);
    await matrix(page).focus();
    await page.keyboard.press('ArrowRight');
    await expect(page).toHaveURL(/source=autoencoding&target=autoencoding/);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    await expect(page).toHaveURL(/source=surface-normals&target=surface-normals/);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(/\/pairs\/autoencoding\/surface-normals$/);
    await page.goBack();
    await matrix(page).focus();
    await page.keyboard.press('Escape');
    await expect(page).not.toHaveURL(/source=/);
  });

  test('the same numbers stand in a table', async ({ page, finished }) => {
    await page.goto(`/sweeps/${finished.id}?unit=gain`);
    await page.getByRole('button', { name: 'Show as table' }).click();
    const table = page.getByRole('table');
    await expect(table.getByRole('columnheader', { name: 'Z-depth' })).toBeVisible();
    await expect(table.getByRole('rowheader', { name: 'Autoencoding' })).toBeVisible();
    await expect(table.getByRole('cell').first()).toContainText('%');
  });

  test('the matrix can be saved as CSV', async ({ page, finished }) => {
    await page.goto(`/sweeps/${finished.id}`);
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    expect((await saved).suggestedFilename()).toBe('micro-matrix.csv');
  });
});
