//! Pictures of every view, to be looked at: `npm run shots`, then the folder `shots`. `-t NAME` takes some of them.

import { mkdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launch, open, type Look } from '../browser/browser';

const PLACES = ['start', 'topology', 'plan', 'activity', 'glance', 'privacy', 'settings', 'doctor'];
const EXTRA: [string, Omit<Look, 'address'>][] = [
  ['topology-mesh20', { scenario: 'mesh20', width: 1440, height: 900 }],
  ['topology-star20', { scenario: 'star20', width: 1440, height: 900, theme: 'light' }],
  ['topology-star10', { scenario: 'star10' }],
  ['topology-pair', { scenario: 'pair' }],
  ['topology-mixed', { scenario: 'mixed', theme: 'light' }],
  ['topology-list', { scenario: 'mixed', place: 'topology/list' }],
  ['topology-error', { scenario: 'error' }],
  ['topology-unlinked', { scenario: 'unlinked' }],
  ['topology-empty', { scenario: 'empty' }],
  ['topology-hostile', { scenario: 'hostile' }],
  ['topology-offline', { scenario: 'offline' }],
  ['topology-paused', { scenario: 'paused', theme: 'light' }],
  ['topology-first', { scenario: 'first' }],
  ['topology-4k', { scenario: 'mixed', width: 2560, height: 1440 }],
  ['topology-canvas-360', { scenario: 'star', place: 'topology/canvas', width: 360, height: 640 }],
  ['plan-fresh', { scenario: 'fresh', place: 'plan' }],
  ['plan-brake', { scenario: 'brake', place: 'plan', theme: 'light' }],
  ['plan-error', { scenario: 'error', place: 'plan' }],
  ['plan-empty', { scenario: 'empty', place: 'plan' }],
  ['activity-error', { scenario: 'error', place: 'activity' }],
  ['activity-empty', { scenario: 'empty', place: 'activity', theme: 'light' }],
  ['start-empty', { scenario: 'empty', place: 'start' }],
  ['start-empty-light', { scenario: 'empty', place: 'start', theme: 'light', language: 'de' }],
];

const folder = new URL('../../shots/', import.meta.url).pathname;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  browser = await launch();
});
afterAll(() => browser.close());

const views = PLACES.flatMap((place): [string, Omit<Look, 'address'>][] => {
  const scenario = place === 'plan' ? 'busy' : 'star';
  return [
    [`${place}-dark`, { place, scenario }],
    [`${place}-light-de`, { place, scenario, theme: 'light', language: 'de' }],
    [`${place}-360`, { place, scenario, width: 360, height: 640 }],
  ];
});

test.each([...views, ...EXTRA])('%s', async (name, look) => {
  const { page, complaints, close } = await open(browser, { ...look, address: inject('address') });
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
  await page.screenshot({ path: `${folder}${name}.png` });
  await close();
  expect(complaints).toEqual([]);
});

// Panels and dialogs, opened as a person opens them.
test.each<[string, Omit<Look, 'address'>, string[]]>([
  ['panel-draft', { scenario: 'mixed', place: 'topology/list' }, ['role=checkbox[name=/^Work/]', 'role=checkbox[name=/^Kids/]', 'role=checkbox[name=/^Rowing/]', 'role=button[name="Star"]']],
  ['panel-draft-360', { scenario: 'unlinked', place: 'topology/list', width: 360, height: 640 }, ['role=checkbox[name=/^Work/]', 'role=checkbox[name=/^Kids/]', 'role=button[name="Star"]']],
  ['panel-pair', { scenario: 'pair', place: 'topology/list', theme: 'light' }, ['role=button[name=/Open Work and Personal/]']],
  ['panel-calendar', { scenario: 'error', place: 'topology/list' }, ['role=button[name="Open Personal"]']],
  ['dialog-rules', { scenario: 'pair', place: 'topology/list' }, ['role=button[name=/Open Work and Personal/]', 'role=button[name="Rules…"] >> nth=0']],
  ['dialog-leave', { place: 'settings', theme: 'light' }, ['role=button[name="Leave…"]']],
  ['dialog-undo', { place: 'activity' }, ['role=button[name="Take the last step back"]']],
  ['activity-journey', { place: 'activity', theme: 'light' }, ['main button[aria-expanded] >> nth=0', 'role=button[name="Ask"]']],
  ['privacy-request', { place: 'privacy' }, ['main button[aria-expanded] >> nth=0']],
  ['start-caldav', { place: 'start', scenario: 'empty' }, ['role=button[name=/CalDAV/]', 'role=button[name="Add account"]']],
])('%s', async (name, look, clicks) => {
  const { page, complaints, close } = await open(browser, { ...look, address: inject('address'), still: true });
  for (const click of clicks) await page.locator(click).first().click({ force: true });
  await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
  await page.screenshot({ path: `${folder}${name}.png` });
  await close();
  expect(complaints).toEqual([]);
});
