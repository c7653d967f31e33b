// The cookies of one look at a stream: those that its servers set, as a playlist may want what the one before it, or a redirect,
// has set, and the user's own, which are for one origin. By origin alone: Path, Domain and dates matter to browsers, not here.

/** A server may send any number; no stream needs more. */
const MAX_COOKIES_PER_ORIGIN = 50;

/** The user's: `name=value` each, sent to `origin` (as `URL.origin` has it) and nowhere else. */
export interface OwnCookies {
  readonly origin: string;
  readonly cookies: readonly string[];
}

export class LookCookies {
  readonly #own: OwnCookies | undefined;
  readonly #jars = new Map<string, Map<string, string>>();

  constructor(own?: OwnCookies) {
    this.#own = own;
  }

  /** `setCookie`: the values of an answer's Set-Cookie fields. */
  note(origin: string, setCookie: string | readonly string[] | undefined): void {
    for (const value of setCookie === undefined ? [] : [setCookie].flat()) {
      const [, name, content] = /^\s*([^=;\s]+)\s*=([^;]*)/.exec(value) ?? [];
      if (name === undefined || content === undefined) continue;
      const jar = this.#jars.get(origin) ?? new Map<string, string>();
      if (jar.size < MAX_COOKIES_PER_ORIGIN || jar.has(name)) this.#jars.set(origin, jar.set(name, content.trim()));
    }
  }

  /** `headers` with these beside the cookies that the caller gives; of one name those win, then the user's. */
  added(origin: string, headers: Readonly<Record<string, string>>): Record<string, string> {
    const field = Object.keys(headers).find((name) => name.toLowerCase() === 'cookie') ?? 'cookie';
    const given = headers[field]?.split(';').map((pair) => pair.trim()) ?? [];
    const own = this.#own?.origin === origin ? this.#own.cookies : [];
    const set = [...(this.#jars.get(origin) ?? [])].map(([name, value]) => `${name}=${value}`);
    const all = [...given, ...own, ...set];
    const isFirst = (pair: string, index: number): boolean =>
      all.findIndex((other) => nameOf(other) === nameOf(pair)) === index;
    return all.length === 0 ? { ...headers } : { ...headers, [field]: all.filter(isFirst).join('; ') };
  }
}

function nameOf(pair: string): string {
  return pair.split('=', 1)[0] ?? '';
}
