import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';

const micro = readFileSync('sweeps/micro.yaml', 'utf8');

/** Drops files on the page as a person does with the mouse. */
async function drop(page: Page, files: readonly { name: string; text: string }[]): Promise<void> {
  const dataTransfer = await page.evaluateHandle((list) => {
    const transfer = new DataTransfer();
    for (const { name, text } of list) transfer.items.add(new File([text], name));
    return transfer;
  }, files);
  await page.getByTestId('file-drop').dispatchEvent('drop', { dataTransfer });
}

test.describe('a person submits a sweep', () => {
  test.use({ expectedErrors: [/status of 400/] });

  test('by form: a bad field is named at the field, the plan says what it costs, submitting opens it', async ({
    page,
    finished,
  }) => {
    await page.goto('/sweeps/new');
    await expect(page.getByRole('heading', { name: 'New sweep' })).toBeVisible();
    await page.getByLabel('Name').fill('by form');
    await page.getByLabel('Network preset').selectOption('micro');
    for (const task of ['Autoencoding', 'Z-depth', 'Surface normals']) {
      await page.getByRole('checkbox', { name: task, exact: false }).check({ force: true });
    }
    const size = page.getByLabel('Image size');
    await size.fill('50');
    await expect(size).toHaveAttribute('aria-invalid', 'true');
    await expect(size).toHaveAccessibleDescription(/multiple of 16/i);

    // The same images and training as the sweep of the harness: its runs are shared, not repeated.
    await size.fill('16');
    await page.getByLabel('Seed', { exact: true }).fill('7');
    for (const [pool, n] of Object.entries({ source: 64, transfer: 32, selection: 16, test: 32 })) {
      await page.getByLabel(`Images, ${pool} pool`).fill(String(n));
    }
    await page.getByRole('button', { name: 'Training' }).click();
    for (const [stage, values] of Object.entries({
      'Own networks': ['10', '32', '0.002'],
      Transfers: ['20', '32', '0.003'],
      'From scratch': ['20', '32', '0.002'],
    })) {
      const group = page.getByRole('group', { name: stage });
      await group.getByLabel('epochs').fill(values[0] ?? '');
      await group.getByLabel('batch size').fill(values[1] ?? '');
      await group.getByLabel('learning rate').fill(values[2] ?? '');
    }
    await expect(size).toHaveAttribute('aria-invalid', 'false');
    const plan = page.getByRole('complementary', { name: 'Plan' });
    await expect(plan).toContainText(/\d+ runs/);
    await expect(plan).toContainText('transfers');
    await page.getByRole('button', { name: 'Submit sweep' }).click();
    await expect(page).toHaveURL(/\/sweeps\/(?!new)[^/]+$/);
    await expect(page.getByRole('navigation', { name: 'Breadcrumb' })).toContainText('by form');
    expect(page.url()).not.toContain(finished.id);
  });

  test('by file: an unknown field and an unknown task are named before anything starts', async ({ page }) => {
    await page.goto('/sweeps/new?mode=file');
    const file = page.getByLabel('Sweep file, YAML or JSON');
    await page.getByRole('button', { name: 'Start from an example' }).click();
    const plan = page.getByRole('complementary', { name: 'Plan' });
    await expect(plan).toContainText(/\d+ runs/);
    await file.fill(`${await file.inputValue()}\ncolour: blue\n`);
    await expect(plan.getByRole('alert')).toContainText('colour');
    await page.getByRole('button', { name: 'Open in the form' }).click();
    await expect(page.getByText('The form cannot open it: colour')).toBeVisible();
    await file.fill(
      'name: x\ndataset: {kind: rooms, size: 64, pools: {source: -1, transfer: 1, selection: 1, test: 1}}\ntasks: [levitation]\n',
    );
    await expect(plan.getByRole('alert')).toContainText('dataset.pools.source');
    await page.getByRole('button', { name: 'Submit sweep' }).click();
    await expect(page).toHaveURL(/mode=file/);
  });

  test('several files: the bad one is named with its field; mended, both have a price and a sum', async ({
    page,
  }) => {
    await page.goto('/sweeps/new?mode=files');
    const two = micro.replace('seeds: [1]', 'seeds: [1, 2]').replace('name: micro', 'name: two seeds');
    await drop(page, [
      { name: 'one.yaml', text: micro },
      { name: 'two.yaml', text: two.replace('tasks: [auto', 'tasks: [otto') },
    ]);
    const line = (name: string) =>
      page.getByRole('list', { name: 'Sweep files' }).getByRole('listitem').filter({ hasText: name }).first();
    await expect(line('two.yaml').getByRole('alert')).toContainText(/tasks\[0\]: .*autoencoding/);
    // The good one has its price all the same; the sum waits, and nothing is submitted.
    await expect(line('one.yaml')).toContainText(/new runs\d+shared\d+/);
    const plan = page.getByRole('complementary', { name: 'Plan' });
    await expect(plan).toContainText('The sum follows');
    await page.getByRole('button', { name: 'Submit 2 sweeps' }).click();
    await expect(plan.getByRole('alert')).toContainText('1 of 2 sweep files');
    await expect(page).toHaveURL(/mode=files/);

    await drop(page, [{ name: 'two.yaml', text: two }]);
    await expect(line('two.yaml')).toContainText(/two seedsRemove ?new runs\d+/);
    await expect(line('two.yaml').getByRole('alert')).toBeEmpty();
    // Every run of the first is one of the second: it counts once.
    await expect(plan).toContainText(/\d+ runs are wanted more than once, and counted once/);
    await page.getByRole('button', { name: 'Remove two.yaml' }).click();
    await expect(page.getByRole('button', { name: 'Submit 1 sweep', exact: true })).toBeEnabled();
    await expect(plan).not.toContainText('more than once');
  });

  test('a new target: priced against the stored sources, and too many images are refused at the field', async ({
    page,
    finished,
  }) => {
    await page.goto(`/sweeps/${finished.id}/targets`);
    const form = page.getByRole('region', { name: 'Rank a new target' });
    await form.getByLabel('Target', { exact: true }).selectOption('reshading');
    await expect(form.getByRole('status')).toContainText(/\d+ runs, \d+ of them new/);
    const images = form.getByLabel('Labelled images');
    await images.fill('800');
    await expect(images).toHaveAccessibleDescription(/transfer pool/);
    await expect(form.getByRole('alert')).toContainText('transfer pool');
    await images.fill('8');
    await expect(images).toHaveAttribute('aria-invalid', 'false');
    await expect(form.getByRole('status')).toContainText('runs');
  });
});
