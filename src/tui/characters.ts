// What is drawn where the locale has no UTF-8 (LANG=C): ASCII that means the same, one column for one column.
// It measures no width and touches no text that is ASCII already.

type Environment = Readonly<Record<string, string | undefined>>;

/** What stands for a character that has no form of its own. */
const OTHER = '?';
const ASCII_FORMS: ReadonlyMap<string, string> = new Map([
  ['─', '-'],
  ['═', '='],
  ['│', '|'],
  ['░', '.'],
  ['▁', '_'],
  ['▂', '.'],
  ['▃', '-'],
  ['▄', '='],
  ['▅', '+'],
  ['▆', '*'],
  ['▇', '%'],
  ['█', '#'],
  ['●', 'o'],
  ['▲', '!'],
  ['✖', 'X'],
  ['·', '|'],
  ['…', '~'],
  ['→', '>'],
  ['↑', '^'],
  ['↓', 'v'],
  ['’', "'"],
]);
const NOT_ASCII = /[^\n\x20-\x7e]/gu;

/** A locale that names another character set; one that names none is that of a container, whose terminal knows UTF-8. */
export function isAsciiOnly(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  return locale !== undefined && !/utf-?8/i.test(locale);
}

export function inAscii(text: string): string {
  return text.replace(NOT_ASCII, (character) => ASCII_FORMS.get(character) ?? OTHER);
}
