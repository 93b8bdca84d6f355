//! One Chromium for all tests of a file, and a page that is the same each time.

import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** A Tuesday morning in winter, where a person sits in Berlin. */
export const NOW = new Date('2026-12-01T09:24:00Z');

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Look {
  address: string;
  scenario?: string;
  place?: string;
  theme?: 'light' | 'dark';
  language?: 'en' | 'de';
  width?: number;
  height?: number;
  still?: boolean;
  lively?: boolean;
  /** Time stands still, so that a picture is the same each time. */
  frozen?: boolean;
}

export interface Opened {
  page: Page;
  /** What went wrong in the page: errors, and what the content security policy refused. */
  complaints: string[];
  close: () => Promise<void>;
}

export async function open(browser: Browser, look: Look): Promise<Opened> {
  const { width = 1280, height = 800, theme = 'dark', language = 'en' } = look;
  const options: BrowserContextOptions = {
    viewport: { width, height },
    colorScheme: theme,
    locale: language === 'de' ? 'de-DE' : 'en-GB',
    timezoneId: 'Europe/Berlin',
    reducedMotion: look.still ? 'reduce' : 'no-preference',
  };
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  if (look.frozen ?? true) await page.clock.setFixedTime(NOW);
  const query = new URLSearchParams({ scenario: look.scenario ?? 'star', instant: '' });
  if (look.lively) query.set('lively', '');
  await page.goto(`${look.address}/?${query}#/${look.place ?? 'topology'}`);
  await page.locator('h1').waitFor();
  return { page, complaints, close: () => context.close() };
}
