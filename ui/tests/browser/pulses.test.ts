import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launch, open } from './browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Lets the pretended program write to the first links, so often each. */
function write(page: Page, links: number, times: number) {
  return page.evaluate(
    ([count, often]) => {
      const { world } = (window as unknown as { starmesh: { world: { links(): { name: string; source: unknown; target: unknown }[]; write(link: unknown): void } } }).starmesh;
      for (const { name, source, target } of world.links().slice(0, count)) {
        for (let index = 0; index < (often ?? 1); index += 1) world.write({ name, source, target });
      }
    },
    [links, times] as const,
  );
}

test('one real write is one pulse, and it ends', async () => {
  const { page, close } = await open(browser, { address: inject('address') });
  await page.locator('.svelte-flow__edge').first().waitFor({ state: 'attached' });
  await write(page, 1, 1);
  await page.locator('.dot:has(.count)').waitFor({ state: 'detached' });
  await page.locator('.svelte-flow__viewport .svelte-flow__viewport-front .dot, .pair.lit').first().waitFor({ state: 'attached' });
  expect(await page.locator('.pair.lit').count()).toBe(1);
  await page.locator('.pair.lit').waitFor({ state: 'detached' });
  // Nothing turns or travels once everything has arrived.
  await page.waitForFunction(() => document.getAnimations().length === 0);
  await close();
});

test('a burst is at most one pulse per edge at a time, and a count carries the rest', async () => {
  const { page, close } = await open(browser, { address: inject('address') });
  await page.locator('.svelte-flow__edge').first().waitFor({ state: 'attached' });
  await write(page, 1, 25);
  const badge = page.locator('.dot .count');
  await badge.waitFor();
  expect(await badge.textContent()).toBe('24');
  expect(await page.locator('.pair.lit').count()).toBe(1);
  await close();
});

test('without motion no dot travels: the line is lit, and the number is said', async () => {
  const { page, close } = await open(browser, { address: inject('address'), still: true });
  await page.locator('.svelte-flow__edge').first().waitFor({ state: 'attached' });
  await write(page, 1, 3);
  await page.locator('.pair.lit').waitFor({ state: 'attached' });
  expect(await page.evaluate(() => document.getAnimations().filter(({ effect }) => (effect?.getComputedTiming().duration ?? 0) === 900).length)).toBe(0);
  await page.getByText(/^3 events copied to /).waitFor({ state: 'attached' });
  await close();
});
