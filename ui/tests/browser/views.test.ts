import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { launch, open, type Look, type Opened } from './browser';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PLACES = ['start', 'topology/canvas', 'topology/list', 'plan', 'activity', 'glance', 'privacy', 'settings', 'doctor'];
const THEMES = ['light', 'dark'] as const;
const LANGUAGES = ['en', 'de'] as const;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function see(look: Omit<Look, 'address'>, then: (opened: Opened) => Promise<void>) {
  const opened = await open(browser, { ...look, still: true, address: inject('address') });
  await opened.page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
  await then(opened);
  expect(opened.complaints).toEqual([]);
  await opened.close();
}

/** What axe finds, in a line each. */
async function axe({ page }: Opened): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe: checker } = window as unknown as { axe: typeof import('axe-core') };
    const { violations } = await checker.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`));
  });
}

/** Things that reach beyond the side of the window. */
function overflow({ page }: Opened): Promise<string[]> {
  return page.evaluate(() => {
    const wide = [document.documentElement, ...document.querySelectorAll('main, main > *')].filter(
      (element) => element.scrollWidth > element.clientWidth + 1,
    );
    return wide.map((element) => `${element.tagName} ${element.className}`);
  });
}

const all = PLACES.flatMap((place) => THEMES.flatMap((theme) => LANGUAGES.map((language) => ({ place, theme, language }))));

describe('every view', () => {
  test.each(all)('$place in $theme and $language is clean for axe', async (look) => {
    await see({ ...look, scenario: look.place === 'plan' ? 'busy' : 'star' }, async (opened) => {
      expect(await axe(opened)).toEqual([]);
      expect(await overflow(opened)).toEqual([]);
    });
  });

  test.each(PLACES.flatMap((place) => LANGUAGES.map((language) => ({ place, language }))))(
    '$place in $language fits 360 pixels, and is clean for axe there',
    async (look) => {
      await see({ ...look, width: 360, height: 640, scenario: look.place === 'plan' ? 'fresh' : 'star' }, async (opened) => {
        expect(await overflow(opened)).toEqual([]);
        expect(await axe(opened)).toEqual([]);
      });
    },
  );

  test.each(PLACES)('%s fits 2560 pixels, and a small window at twice the zoom', async (place) => {
    await see({ place, width: 2560, height: 1440 }, async (opened) => expect(await overflow(opened)).toEqual([]));
    // Twice the zoom is half the pixels of the page.
    await see({ place, width: 640, height: 400 }, async (opened) => expect(await overflow(opened)).toEqual([]));
  });

  test.each([
    ['error', 'topology'], ['error', 'plan'], ['error', 'activity'], ['error', 'settings/accounts'], ['brake', 'plan'],
    ['offline', 'topology'], ['empty', 'start'], ['empty', 'plan'], ['empty', 'activity'], ['empty', 'glance'],
    ['empty', 'topology'], ['empty', 'privacy'], ['first', 'topology'], ['paused', 'topology'], ['broken', 'topology'], ['mesh20', 'topology'],
  ])('in the situation "%s", %s is clean for axe', async (scenario, place) => {
    await see({ scenario, place }, async (opened) => expect(await axe(opened)).toEqual([]));
  });

  test.each<[string, string, RegExp[]]>([
    ['mixed', 'topology/list', [/Open Work and Personal/]],
    ['mixed', 'topology/list', [/Open Work and Personal/, /^Rules/]],
    ['error', 'topology/list', [/Open Personal/]],
    ['mixed', 'topology/list', [/^Change$/]],
    ['star', 'plan', [/^Pause$/]],
    ['star', 'settings', [/^Leave…/]],
    ['star', 'settings', [/^Import…/]],
    ['star', 'settings', [/^Save the recovery key/]],
    ['star', 'settings', [/^Remove office/]],
    ['star', 'activity', [/^Take the last step back/]],
    ['star', 'activity', [/^Ask$/]],
    ['star', 'doctor', [/^Make a report/]],
    ['empty', 'start', [/^CalDAV/, /^Add account$/]],
  ])('in the situation "%s", %s with what %s opens is clean for axe', async (scenario, place, names) => {
    for (const theme of THEMES) {
      await see({ scenario, place, theme }, async (opened) => {
        for (const name of names) await opened.page.getByRole('button', { name }).first().click();
        await opened.page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
        expect(await axe(opened)).toEqual([]);
      });
    }
  });

  test.each([
    ['star', 'In step'], ['first', 'First sync'], ['paused', 'Paused'], ['offline', 'Offline'], ['error', 'Needs you'],
    ['brake', 'Needs you'], ['broken', 'Stopped'], ['empty', 'Not set up'],
  ])('in the situation "%s" the headline says "%s"', async (scenario, words) => {
    await see({ scenario, place: 'plan' }, async ({ page }) => {
      expect(await page.locator('aside strong').first().textContent()).toBe(words);
    });
  });

  test('nothing moves by itself while a view loads', async () => {
    for (const place of PLACES) {
      await see({ place }, async ({ page }) => {
        const shift = await page.evaluate(
          () =>
            new Promise<number>((resolve) => {
              let sum = 0;
              new PerformanceObserver((list) => {
                for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) sum += entry.value;
              }).observe({ type: 'layout-shift', buffered: true });
              requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
            }),
        );
        expect([place, shift < 0.02]).toEqual([place, true]);
      });
    }
  });
});

describe('names that want to be run', () => {
  test.each([...PLACES, 'settings/accounts'])('are shown and do nothing in %s', async (place) => {
    await see({ scenario: 'hostile', place }, async ({ page }) => {
      const owned = await page.evaluate(() => ({
        ran: '__owned' in window,
        elements: document.querySelectorAll('main img, main script, main b, aside img, aside script').length,
        links: [...document.querySelectorAll('a')].filter(({ href }) => href.startsWith('javascript:')).length,
        reached: performance.getEntriesByType('resource').filter(({ name }) => !name.startsWith(location.origin)).length,
      }));
      expect(owned).toEqual({ ran: false, elements: 0, links: 0, reached: 0 });
    });
  });
});
