//! The language of the window: texts, numbers, times.

import { fill, type Message, type Params } from './catalogue';
import { de } from './de';
import { en, type MessageKey } from './en';

const CATALOGUES: Record<Language, Record<MessageKey, Message>> = { en, de };

export type Language = 'en' | 'de';
export type { MessageKey };

class Speech {
  language = $state<Language>('en');
  /** What dates and numbers follow: the person's own region where it speaks the chosen language. */
  locale = $derived(navigator.languages.find((tag) => tag.startsWith(this.language)) ?? this.language);

  choose(wish: 'system' | Language) {
    const system = navigator.languages.some((tag) => tag.startsWith('de')) && !navigator.language.startsWith('en');
    this.language = wish === 'system' ? (system ? 'de' : 'en') : wish;
    document.documentElement.lang = this.language;
  }
}

export const speech = new Speech();

export function t(key: MessageKey, params: Params = {}): string {
  return fill(CATALOGUES[speech.language][key], params, speech.locale);
}

/** The words for a stable name, such as a reason; one without words of its own is shown as it is. */
export function named(prefix: string, name: string, params: Params = {}): string {
  const key = `${prefix}.${name}`;
  return key in en ? t(key as MessageKey, params) : name.replaceAll('_', ' ');
}

/** Several things in one sentence: `a, b and c`. */
export function listed(things: readonly string[]): string {
  return new Intl.ListFormat(speech.locale, { type: 'conjunction' }).format(things);
}
