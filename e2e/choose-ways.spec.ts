import { readFileSync } from 'node:fs';
import { expect, test } from './fixtures';

test.describe('a person chooses ways to transfer, encoders and a second domain in the form', () => {
  test.use({ expectedErrors: [/status of 400/] });

  test('two methods with options and a shift: an error at its option, both in the plan and in the sweep', async ({
    page,
    request,
  }) => {
    await page.goto('/sweeps/new?mode=file');
    // What is not chosen here comes from a small sweep: a file goes on in the form.
    await page
      .getByLabel('Sweep file, YAML or JSON')
      .fill(
        readFileSync('sweeps/micro.yaml', 'utf8')
          .replace('name: micro', 'name: chosen ways')
          .replace('maxOrder: 2\n', 'targets: [z-depth]\n'),
      );
    await page.getByRole('button', { name: 'Open in the form' }).click();
    await expect(page.getByLabel('Name', { exact: true })).toHaveValue('chosen ways');
    await expect(page.getByRole('button', { name: 'Remove targets' })).toBeVisible();
    const plan = page.getByRole('complementary', { name: 'Plan' });
    await expect(plan).toContainText('transfers3');

    await page.getByRole('button', { name: 'Ways to transfer' }).click();
    const ways = page.getByRole('region', { name: 'Ways to transfer' });
    const add = async (method: string): Promise<void> => {
      await ways.getByRole('combobox', { name: 'Add a way to transfer' }).selectOption(method);
      await ways.getByRole('button', { name: 'Add a way to transfer' }).press('Enter');
    };
    await add('dann');
    const dann = ways.getByRole('group', { name: 'Domain-adversarial network, way 2' });
    await expect(dann).toContainText('left out: the data set has one domain');
    await expect(plan).toContainText('dann → z-depth at 32 images (the data set has one domain');
    await add('fine-tune');
    const tuned = ways.getByRole('group', { name: 'Full fine-tuning, way 3' });
    await tuned.getByText('Options', { exact: true }).click();
    const tie = tuned.getByLabel('l2-sp');
    await tie.fill('1000');
    await expect(tie).toHaveAttribute('aria-invalid', 'true');
    await expect(tie).toHaveAccessibleDescription('must lie between 0 and 100');
    await tie.fill('0.5');
    await expect(tie).toHaveAttribute('aria-invalid', 'false');
    await tuned.getByLabel('Label').fill('tied');
    await dann.getByText('Options', { exact: true }).click();
    await dann.getByLabel('gamma').fill('5');
    await dann.getByLabel('supervised').check();

    await page.getByRole('button', { name: 'Second domain' }).click();
    const domain = page.getByRole('region', { name: 'Second domain' });
    await domain.getByLabel('Other appearance').selectOption('textured');
    await domain.getByLabel('Strength').fill('0.5');
    await expect(dann).not.toContainText('left out');
    await expect(plan).toContainText('textured pictures (strength 0.5)');
    // Three readouts, three fine-tunings, one adversarial network.
    await expect(plan).toContainText('transfers7');
    await plan.getByText('As a sweep file').click();
    const file = plan.getByLabel('Sweep file');
    await expect(file).toHaveValue(/options: \{ gamma: 5, supervised: true \}/);
    await expect(file).toHaveValue(/label: tied/);

    await page.getByRole('button', { name: 'Submit sweep' }).click();
    await expect(page).toHaveURL(/\/sweeps\/(?!new)[^/]+$/);
    const sweep = await (await request.get(`/api/v1${new URL(page.url()).pathname}`)).json();
    expect(sweep.methods.map((m: { id: string; label: string }) => [m.id, m.label])).toEqual([
      ['readout', 'readout'],
      ['dann(gamma=5,supervised)', 'dann(gamma=5,supervised)'],
      ['fine-tune(l2-sp=0.5)', 'tied'],
    ]);
    await expect
      .poll(async () => (await (await request.get(`/api/v1/sweeps/${sweep.id}`)).json()).state, {
        timeout: 60_000,
      })
      .toBe('done');
    await page.goto(`/sweeps/${sweep.id}/targets/z-depth`);
    const distances = page.getByRole('region', { name: 'Distance between the domains' });
    await expect(distances.getByRole('row', { name: /^dann/ })).toContainText(/\d\s→\s.*\d\s%/);
    await expect(distances.getByRole('columnheader')).toHaveText([
      'Method',
      'proxy A-distance',
      'MMD²',
      'CORAL',
      'Gain',
    ]);
    await distances.getByRole('link').click();
    await expect(page.getByRole('heading', { name: 'Domain adaptation' })).toBeInViewport();
  });

  test('an encoder that is taught first, by keyboard and on a phone, and as text again', async ({ page }) => {
    await page.setViewportSize({ width: 390, height: 800 });
    await page.goto('/sweeps/new');
    for (const task of ['Autoencoding', 'Z-depth']) {
      await page.getByRole('checkbox', { name: task }).focus();
      await page.keyboard.press('Space');
    }
    const open = page.getByRole('button', { name: 'Encoders taught first' });
    await open.focus();
    await page.keyboard.press('Enter');
    await expect(open).toHaveAttribute('aria-expanded', 'true');
    const encoders = page.getByRole('region', { name: 'Encoders taught first' });
    const which = encoders.getByRole('combobox', { name: 'Add an encoder to teach' });
    await which.selectOption('multi-task');
    await encoders.getByRole('button', { name: 'Add an encoder to teach' }).press('Enter');
    const joint = encoders.getByRole('group', { name: 'Multi-task encoder, encoder 1' });
    await expect(joint.getByRole('alert')).toContainText('at least 2 tasks');
    for (const task of ['Autoencoding', 'Z-depth']) {
      await joint.getByRole('checkbox', { name: task }).focus();
      await page.keyboard.press('Space');
    }
    await expect(joint.getByRole('alert')).toBeHidden();
    const plan = page.getByRole('complementary', { name: 'Plan' });
    await expect(plan).toContainText('taught encoders1');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await plan.getByText('As a sweep file').click();
    await plan.getByRole('button', { name: 'Edit as text' }).click();
    await expect(page.getByLabel('Sweep file, YAML or JSON')).toHaveValue(
      /- id: multi-task\n {4}method: multi-task\n {4}tasks: \[ autoencoding, z-depth \]/,
    );
    await page.getByRole('button', { name: 'Open in the form' }).click();
    await page.getByRole('button', { name: 'Encoders taught first' }).click();
    await joint.getByRole('button', { name: 'Remove Multi-task encoder, encoder 1' }).click();
    await expect(which).toBeFocused();
    await expect(encoders).toContainText('None: the own networks');
  });
});
