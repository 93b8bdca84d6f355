//! How smoothly the canvas moves. It measures time, so it stands apart from the tests: `npm run frames`.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launch, open } from '../browser/browser';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test('a mesh of 20 keeps at least 50 frames a second under pulses', async () => {
  const { page, close } = await open(browser, { address: inject('address'), scenario: 'mesh20', width: 1440, height: 900, frozen: false });
  await page.waitForFunction(() => document.querySelectorAll('.svelte-flow__edge').length === 190);
  const rate = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const { world } = (window as unknown as { starmesh: { world: { links(): { name: string; source: unknown; target: unknown }[]; write(link: unknown): void } } }).starmesh;
        const links = world.links();
        let next = 0;
        // Ten writes a second, on ever another link: more than any person's calendars bring.
        const writing = setInterval(() => {
          const { name, source, target } = links[(next += 37) % links.length]!;
          world.write({ name, source, target });
        }, 100);
        let frames = 0;
        let began = 0;
        const frame = (at: number) => {
          began ||= at;
          frames += 1;
          if (at - began < 3000) requestAnimationFrame(frame);
          else {
            clearInterval(writing);
            resolve(((frames - 1) / (at - began)) * 1000);
          }
        };
        requestAnimationFrame(frame);
      }),
  );
  console.log(`mesh of 20 under pulses: ${rate.toFixed(1)} frames a second`);
  expect(rate).toBeGreaterThanOrEqual(50);
  await close();
});
