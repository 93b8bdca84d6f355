//! How messages are looked up and filled in; no state, so that tests need no page.

/** A text, or one for each grammatical number that the language has; `{count}` decides. */
export type Message = string | { one: string; other: string };
export type Params = Record<string, string | number>;

export function fill(message: Message, params: Params, locale: string): string {
  const text =
    typeof message === 'string'
      ? message
      : new Intl.PluralRules(locale).select(Number(params['count'] ?? 0)) === 'one'
        ? message.one
        : message.other;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

/** The names between braces in every form of a message. */
export function placeholders(message: Message): string[] {
  const texts = typeof message === 'string' ? [message] : [message.one, message.other];
  return [...new Set(texts.flatMap((text) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? '')))].sort();
}
