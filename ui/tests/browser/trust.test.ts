import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launch, open } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const show = (scenario: string, place: string) => open(browser, { address: inject('address'), scenario, place, still: true });

test('from nothing to the first busy blocks: account, calendars, star, plan, approval', async () => {
  const { page, complaints, close } = await show('empty', 'topology');
  await page.getByRole('heading', { name: 'Welcome to Starmesh' }).waitFor();
  await page.getByText('nothing but busy time').waitFor();
  await page.getByRole('button', { name: /Microsoft 365/ }).click();
  await page.getByRole('button', { name: 'Continue in the browser' }).click();
  await page.getByRole('button', { name: 'Add another account' }).click();
  await page.getByRole('button', { name: /CalDAV/ }).click();
  await page.getByRole('button', { name: 'Add account' }).last().click();
  await page.getByText('An address is needed').waitFor();
  await page.getByLabel('Server or mail address').fill('dav.example.net');
  await page.getByLabel('User name').fill('ann');
  await page.getByLabel('Password', { exact: true }).fill('wrong');
  await page.getByRole('button', { name: 'Add account' }).last().click();
  await page.getByText('The sign-in is refused').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('right');
  await page.getByRole('button', { name: 'Add account' }).last().click();
  await page.getByRole('button', { name: /^Star/ }).click();
  await page.getByRole('button', { name: 'Make the plan' }).click();
  await page.getByRole('button', { name: /^Approve and write/ }).click();
  await page.getByText(/^Done:/).waitFor();
  expect(complaints).toEqual([]);
  await close();
});

test('a plan says exactly what is written, and writes nothing before it is approved', async () => {
  const { page, close } = await show('fresh', 'plan');
  const button = page.getByRole('button', { name: /^Approve and write/ });
  const promised = Number((await button.textContent())?.match(/\d+/)?.[0]);
  const standing = () =>
    page.evaluate(() => {
      const { world } = (window as unknown as { starmesh: { world: { standing: Map<string, number> } } }).starmesh;
      return [...world.standing.values()].reduce((sum, count) => sum + count, 0);
    });
  expect(await standing()).toBe(0);
  await button.click();
  await page.getByText(/^Done:/).waitFor();
  expect(await standing()).toBe(promised);
  await close();
});

test('held removals go only when a person lets that number go', async () => {
  const { page, close } = await show('brake', 'plan');
  await page.getByRole('heading', { name: '37 removals are held' }).waitFor();
  await page.getByText('Nothing else to write').waitFor();
  await page.getByRole('button', { name: 'They are right: let 37 go' }).click();
  await page.getByRole('heading', { name: '37 removals are held' }).waitFor({ state: 'detached' });
  await close();
});

test('a journey shows its five steps, and the filter finds it', async () => {
  const { page, close } = await show('star', 'activity');
  const row = page.locator('main button[aria-expanded]').first();
  await row.click();
  for (const step of ['Changed at the provider', 'Signal arrived', 'Taken from the queue', 'Changes read', 'Plan made', 'Confirmed by the provider']) {
    await page.getByText(step).waitFor();
  }
  await page.getByRole('searchbox').fill('no such calendar');
  await page.getByText('Nothing like that').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await row.waitFor();
  await close();
});

test('a write that happens now appears at the top of the activity', async () => {
  const { page, close } = await show('pair', 'activity');
  const rows = () => page.evaluate(() => (window as unknown as { starmesh: { world: { journeys: unknown[] } } }).starmesh.world.journeys.length);
  const before = await rows();
  await page.evaluate(() => (window as unknown as { starmesh: { world: { book(source: string): void } } }).starmesh.world.book('office-work'));
  expect(await rows()).toBe(before + 1);
  await page.getByText('10:24:00').waitFor();
  await close();
});

test('why is answered link by link', async () => {
  const { page, close } = await show('star', 'activity/office%2Fwork');
  await page.getByRole('button', { name: 'Ask' }).click();
  await page.getByText('Its busy block stands').first().waitFor();
  await page.getByText('Left out: declined').first().waitFor();
  await close();
});

test('the last step is taken back after it was shown', async () => {
  const { page, close } = await show('star', 'activity/undo');
  await page.getByRole('button', { name: 'Take the last step back' }).click();
  await page.getByRole('dialog').getByText('star-1 goes').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Take the last step back' }).click();
  await page.getByText('Taken back.').first().waitFor();
  await close();
});

test('free slots are copied in the chosen zone, and name nobody', async () => {
  const { page, close } = await show('star', 'glance');
  await page.getByLabel('Time zone').selectOption('America/New_York');
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  const text = await page.evaluate(() => (window as unknown as { starmesh: { copied: string[] } }).starmesh.copied[0] ?? '');
  expect(text).toMatch(/^\w+day \d+ December: \d\d:\d\d–\d\d:\d\d/);
  expect(text).toContain('America/New York');
  for (const name of ['Work', 'Personal', 'family', 'Kids', 'Rowing']) expect(text).not.toContain(name);
  await close();
});

test('what was sent is shown as it was sent, with its secrets masked', async () => {
  const { page, close } = await show('star', 'privacy');
  await page.locator('main button[aria-expanded]').first().click();
  const raw = (await page.getByRole('region', { name: 'The request as it was sent' }).textContent()) ?? '';
  expect(raw).toContain('••••');
  expect(raw).toMatch(/Busy|DELETE/);
  await close();
});

test('a setting out of bounds is refused in place, and the old one stays', async () => {
  const { page, close } = await show('star', 'settings');
  const field = page.getByLabel('Window, in days ahead');
  await field.fill('9999');
  await field.press('Tab');
  await page.getByText(/window cannot be/).waitFor();
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  await field.fill('90');
  await field.press('Tab');
  await page.getByText('Saved.').first().waitFor();
  await close();
});

test('language and theme change at once', async () => {
  const { page, close } = await show('star', 'settings');
  await page.getByLabel('Language').selectOption('de');
  await page.getByRole('heading', { level: 1, name: 'Einstellungen' }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('de');
  await page.getByLabel('Farbschema').selectOption('light');
  expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('light');
  await close();
});

test('the report of the doctor is shown whole before it is saved, and names no account', async () => {
  const { page, close } = await show('error', 'doctor');
  await page.getByText('the server refuses the sign-in').waitFor();
  await page.getByRole('button', { name: 'Make a report…' }).click();
  const text = (await page.getByRole('dialog').locator('pre').textContent()) ?? '';
  expect(text).toContain('account 2');
  expect(text).not.toMatch(/personal|office|family/);
  await page.getByRole('button', { name: 'Save this file…' }).click();
  await page.getByText('The report is saved.').first().waitFor();
  await close();
});

test('leaving asks for the number of blocks, and takes everything back', async () => {
  const { page, close } = await show('star', 'settings');
  await page.getByRole('button', { name: 'Leave…' }).click();
  const go = page.getByRole('button', { name: 'Remove everything' });
  expect(await go.isDisabled()).toBe(true);
  const count = (await page.getByRole('dialog').getByText(/busy blocks are removed/).textContent())?.replace(/\D/g, '') ?? '';
  await page.getByRole('dialog').getByRole('textbox').fill(count);
  await go.click();
  await page.getByText('All taken back').waitFor();
  await close();
});

test('everything is paused from the head of the window, and resumed there', async () => {
  const { page, close } = await show('star', 'plan');
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await page.getByRole('menuitem', { name: 'For 30 minutes' }).click();
  await page.getByText('Nothing is read or written until 10:54.').waitFor();
  await page.getByRole('button', { name: 'Resume' }).click();
  await page.getByText(/^Every calendar checked/).waitFor();
  await close();
});

test('a problem in the head of the window leads to what solves it', async () => {
  const { page, close } = await show('error', 'topology');
  await page.getByRole('button', { name: /sign in again for/ }).click();
  await page.getByRole('button', { name: 'Sign in again personal' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Continue in the browser' }).click();
  await page.getByText(/^Signed in to personal/).first().waitFor();
  await close();
});
