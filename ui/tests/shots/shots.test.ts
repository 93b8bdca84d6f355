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
