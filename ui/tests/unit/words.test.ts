import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fill, placeholders } from '../../src/lib/i18n/catalogue';
import { de } from '../../src/lib/i18n/de';
import { en, type MessageKey } from '../../src/lib/i18n/en';

const keys = Object.keys(en) as MessageKey[];
const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(svelte|ts)$/.test(path) && !path.includes('i18n'))
  .map((path) => readFileSync(join('src', path), 'utf8'))
  .join('\n');

test('English and German have the same keys', () => {
  expect(Object.keys(de).sort()).toEqual([...keys].sort());
});

test('a message has the same placeholders in both languages', () => {
  for (const key of keys) expect([key, placeholders(de[key])]).toEqual([key, placeholders(en[key])]);
});

test('a message that counts counts in both languages', () => {
  for (const key of keys) expect([key, typeof de[key]]).toEqual([key, typeof en[key]]);
});

test('no message is empty, and none is left untranslated by accident', () => {
  // Words that are the same in both, or are given by their own language.
  const same = new Set(['number', 'nav.plan', 'state.offline', 'language.en', 'language.de', 'pair.label_default']);
  for (const key of keys) {
    expect(JSON.stringify(de[key]).length, key).toBeGreaterThan(2);
    const long = JSON.stringify(en[key]).replace(/\{\w+\}/g, '').length > 14;
    if (long && !same.has(key) && !key.startsWith('provider.')) expect(de[key], key).not.toEqual(en[key]);
  }
});

test('every message is used somewhere', () => {
  const prefixes = [...source.matchAll(/t\(\s*`([a-z_]+)\.([a-z_]*)\$/g)].map(([, head, start]) => `${head}.${start}`);
  const named = [...source.matchAll(/named\([^)]*?'([a-z_]+)'/g)].map(([, head]) => `${head}.`);
  const starts = [...prefixes, ...named, 'error.', 'reason.', 'wedge.', 'unknown.', 'setting.', 'setting_hint.', 'check.'];
  const unused = keys.filter((key) => !source.includes(`'${key}'`) && !starts.some((start) => key.startsWith(start)));
  expect(unused).toEqual([]);
});

test('numbers are written as the language writes them', () => {
  expect(fill('{count}', { count: 1234.5 }, 'en-GB')).toBe('1,234.5');
  expect(fill('{count}', { count: 1234.5 }, 'de-DE')).toBe('1.234,5');
});

test('a value is put in as it is, braces and markup included', () => {
  expect(fill('for {name}', { name: '{count}<b>' }, 'en')).toBe('for {count}<b>');
  expect(fill('for {other}', { name: 'x' }, 'en')).toBe('for {other}');
});

test('one is one, everything else is several', () => {
  const message = { one: 'one', other: '{count}' };
  expect([0, 1, 2].map((count) => fill(message, { count }, 'de'))).toEqual(['0', 'one', '2']);
});
