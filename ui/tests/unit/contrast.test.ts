import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const css = readFileSync('src/styles/tokens.css', 'utf8');

/** The colours that one block of the tokens sets. */
function colors(selector: string): Map<string, string> {
  const block = css.slice(css.indexOf(`${selector} {`)).split('}')[0] ?? '';
  return new Map([...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6});/g)].map(([, name, value]) => [name ?? '', value ?? '']));
}

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const GROUNDS = ['bg', 'surface', 'raised'];
const TEXTS = ['text', 'text-muted', 'accent', 'ok', 'warn', 'danger', 'paused'];

test.each([
  ['dark', ':root'],
  ['light', ":root[data-theme='light']"],
])('%s: text reads on every ground, and graphics stand out', (_, selector) => {
  const found = colors(selector);
  const color = (name: string) => found.get(name) ?? '#000000';
  for (const ground of GROUNDS) {
    for (const text of TEXTS) {
      expect(contrast(color(text), color(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
    }
    for (const graphic of ['edge', 'pulse']) {
      expect(contrast(color(graphic), color(ground)), `${graphic} on ${ground}`).toBeGreaterThanOrEqual(2.9);
    }
  }
  expect(contrast(color('on-accent'), color('accent'))).toBeGreaterThanOrEqual(4.5);
});
