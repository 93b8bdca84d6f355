import { describe, expect, test } from 'vitest';
import { ago, date, firstDay, length } from '../../src/lib/time/format';
import { free, freeDays, freeText, instant, merge } from '../../src/lib/time/busy';

const at = (text: string) => Date.parse(text);

describe('busy time', () => {
  test('what touches or overlaps is one stretch', () => {
    expect(merge([{ start: 5, end: 8 }, { start: 0, end: 3 }, { start: 3, end: 4 }, { start: 6, end: 7 }])).toEqual([
      { start: 0, end: 4 },
      { start: 5, end: 8 },
    ]);
  });

  test('free is what is left, if it is long enough', () => {
    const minute = 60_000;
    const busy = [{ start: 30 * minute, end: 60 * minute }, { start: 70 * minute, end: 90 * minute }];
    expect(free(busy, { start: 0, end: 120 * minute }, 30)).toEqual([
      { start: 0, end: 30 * minute },
      { start: 90 * minute, end: 120 * minute },
    ]);
  });

  test('a day that is wholly busy has no free slot', () => {
    expect(free([{ start: -5, end: 1e9 }], { start: 0, end: 1e8 }, 15)).toEqual([]);
  });

  test('a wall clock is found on both sides of a change of the clock', () => {
    expect(instant('2026-03-29', 9 * 60, 'Europe/Berlin')).toBe(at('2026-03-29T07:00:00Z'));
    expect(instant('2026-03-28', 9 * 60, 'Europe/Berlin')).toBe(at('2026-03-28T08:00:00Z'));
    expect(instant('2026-10-25', 22 * 60, 'Europe/Berlin')).toBe(at('2026-10-25T21:00:00Z'));
    expect(instant('2026-06-01', 9 * 60, 'Asia/Kathmandu')).toBe(at('2026-06-01T03:15:00Z'));
  });

  const request = {
    busy: [{ start: at('2026-12-01T10:00:00Z'), end: at('2026-12-01T12:00:00Z') }],
    days: ['2026-12-01', '2026-12-05', '2026-12-07'],
    hours: { from: 9 * 60, to: 17 * 60 },
    minutes: 60,
    zone: 'Europe/Berlin',
    locale: 'en-GB',
    now: at('2026-12-01T08:00:00Z'),
    weekends: false,
  };

  test('free slots are told in the chosen zone, without weekends', () => {
    expect(freeText(request, '(times in Europe/Berlin)', 'none')).toBe(
      'Tuesday 1 December: 09:00–11:00, 13:00–17:00\nMonday 7 December: 09:00–17:00\n(times in Europe/Berlin)',
    );
  });

  test('what has passed is not offered', () => {
    const later = { ...request, now: at('2026-12-01T13:30:00Z') };
    expect(freeDays(later)[0]?.slots).toEqual([{ start: at('2026-12-01T13:30:00Z'), end: at('2026-12-01T16:00:00Z') }]);
  });

  test('without any free slot the text says so', () => {
    expect(freeText({ ...request, days: ['2026-12-05'] }, 'zone', 'nothing free')).toBe('nothing free');
  });
});

describe('times in words', () => {
  test('an age is told in its largest unit', () => {
    expect([1, 45, 300, 7300, 200_000].map((seconds) => ago(seconds, 'en-GB'))).toEqual([
      'now',
      '45 sec ago',
      '5 min ago',
      '2 hr ago',
      '2 days ago',
    ]);
  });

  test('a length has one unit', () => {
    expect([175, 1240, 45_000, 180_000].map((ms) => length(ms, 'en-GB'))).toEqual(['175 ms', '1.2 secs', '45 secs', '3 mins']);
  });

  test('a date without a zone stays the same day everywhere', () => {
    expect(date('2026-12-01', 'en-GB')).toBe('1 Dec 2026');
  });

  test('the week starts where the region starts it', () => {
    expect([firstDay('de-DE'), firstDay('en-US')]).toEqual([1, 7]);
  });
});
