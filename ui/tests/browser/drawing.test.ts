import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launch, open } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const show = (scenario: string, place: string) => open(browser, { address: inject('address'), scenario, place, still: true });
const node = (page: Page, name: string) => page.locator('.svelte-flow__node', { hasText: name });

async function middle(page: Page, name: string) {
  const box = await node(page, name).boundingBox();
  if (!box) throw new Error(`${name} is not on the canvas`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2, right: box.x + box.width };
}

test('the keyboard alone builds a star, sees its forecast, and approves its plan', async () => {
  const { page, complaints, close } = await show('unlinked', 'topology/list');
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Goes on with Tab until the focus is on something with this name. */
  const reach = async (name: RegExp) => {
    for (let steps = 0; steps < 60; steps += 1) {
      await press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement as HTMLInputElement | null;
        return `${element?.getAttribute('aria-label') ?? ''} ${element?.labels?.[0]?.textContent ?? ''} ${element?.textContent ?? ''}`;
      });
      if (name.test(focused)) return;
    }
    throw new Error(`${name} cannot be reached with Tab`);
  };
  for (const name of [/Work/, /Personal/, /Kids/]) {
    await reach(name);
    await press('Space');
  }
  await page.keyboard.down('Shift');
  for (let steps = 0; steps < 40; steps += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement?.textContent?.trim() === 'Star')) break;
  }
  await page.keyboard.up('Shift');
  await press('Enter');
  const panel = page.getByRole('complementary', { name: 'New connection' });
  await panel.getByText('0 → 2').waitFor();
  await reach(/Make the plan/);
  await press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Plan' }).waitFor();
  await reach(/Approve and write \d+ blocks/);
  await press('Enter');
  await page.getByText(/^Done: \d+ placed, 0 changed, 0 removed\./).waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('a calendar dragged onto another makes a star around it', async () => {
  const { page, close } = await show('unlinked', 'topology');
  const [from, to] = [await middle(page, 'Kids'), await middle(page, 'Work')];
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x + 40, to.y, { steps: 8 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.getByText('Drop to join Kids to the star around Work').waitFor();
  await page.mouse.up();
  const panel = page.getByRole('complementary', { name: 'New connection' });
  await panel.getByText('0 → 1').waitFor();
  expect(await panel.getByRole('radio', { name: 'Star' }).isChecked()).toBe(true);
  await close();
});

test('a line drawn from one calendar to another makes a pair', async () => {
  const { page, close } = await show('unlinked', 'topology');
  const [from, to] = [await middle(page, 'Work'), await middle(page, 'Rowing club')];
  await page.mouse.move(from.right, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 10 });
  await page.mouse.up();
  const panel = page.getByRole('complementary', { name: 'New connection' });
  await panel.getByText('0 → 1').waitFor();
  await panel.getByText(/Rowing club can only be read/).waitFor();
  await close();
});

test('a line that cannot end says why while it is drawn, and makes nothing', async () => {
  const { page, close } = await show('star', 'topology');
  const [from, to] = [await middle(page, 'Personal'), await middle(page, 'Work')];
  await page.mouse.move(from.right, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y, { steps: 10 });
  await page.getByText('Personal and Work are joined already.').waitFor();
  await page.mouse.up();
  expect(await page.getByRole('complementary', { name: 'New connection' }).count()).toBe(0);
  await close();
});

test('a frame drawn around calendars offers a mesh of them', async () => {
  const { page, close } = await show('unlinked', 'topology');
  const [first, last] = [await middle(page, 'Work'), await middle(page, 'Kids')];
  await page.mouse.move(first.x - 110, first.y - 60);
  await page.mouse.down();
  await page.mouse.move(last.x, last.y + 20, { steps: 10 });
  await page.mouse.up();
  await page.getByRole('toolbar').getByRole('button', { name: 'Mesh' }).click();
  await page.getByRole('complementary', { name: 'New connection' }).getByText('0 → 6').waitFor();
  await close();
});

test('more pairs than allowed are refused before anything is done', async () => {
  const { page, close } = await show('mixed', 'topology/list');
  for (const name of ['Work', 'Team rota', 'Personal', 'Our family', 'Kids']) {
    await page.getByRole('checkbox', { name: new RegExp(`^${name}`) }).check();
  }
  await page.getByRole('button', { name: 'Mesh' }).click();
  await page.getByText(/This is more than your limit of 10 pairs/).waitFor();
  expect(await page.getByRole('button', { name: 'Make the plan' }).isDisabled()).toBe(true);
  await close();
});

test('a click on a line opens its pair, and a click on a calendar opens that', async () => {
  const { page, close } = await show('pair', 'topology');
  const [a, b] = [await middle(page, 'Work'), await middle(page, 'Personal')];
  await page.mouse.click((a.x + b.x) / 2, (a.y + b.y) / 2);
  await page.getByRole('complementary', { name: 'Work and Personal' }).waitFor();
  await page.mouse.click(a.x, a.y);
  await page.getByRole('complementary', { name: 'Work', exact: true }).waitFor();
  await close();
});

test('Escape leaves a drawing, and nothing of it stays', async () => {
  const { page, close } = await show('unlinked', 'topology/list');
  await page.getByRole('checkbox', { name: /^Work/ }).check();
  await page.getByRole('checkbox', { name: /^Kids/ }).check();
  await page.getByRole('button', { name: 'Pair' }).click();
  const panel = page.getByRole('complementary', { name: 'New connection' });
  await panel.waitFor();
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await close();
});

test('a pair can be paused, and its rules say what they would do before they are kept', async () => {
  const { page, close } = await show('pair', 'topology/list');
  await page.getByRole('button', { name: /Open Work and Personal/ }).click();
  await page.getByRole('button', { name: 'Rules…' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Working hours').fill('whenever');
  await dialog.getByRole('button', { name: 'See what changes' }).click();
  await dialog.getByText(/is no time of work/).waitFor();
  await dialog.getByLabel('Working hours').fill('Mon-Fri 09:00-17:00 Europe/Berlin');
  await dialog.getByRole('button', { name: 'See what changes' }).click();
  await dialog.getByText(/0 placed, 0 changed, \d+ removed/).waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: /^Pause Work → Personal/ }).click();
  await page.getByRole('menuitem', { name: 'For an hour' }).click();
  await page.getByText(/^Paused until 11:24/).waitFor();
  await close();
});
