// The cookies that a stream's own servers set while we look at it, for the next request of the same look: a playlist may want what
// the one before it, or a redirect, has set. By origin alone: Path, Domain and dates matter to browsers, not within one look.

/** A server may send any number; no stream needs more. */
const MAX_COOKIES_PER_ORIGIN = 50;

export class LookCookies {
  readonly #jars = new Map<string, Map<string, string>>();

  /** `setCookie`: the values of an answer's Set-Cookie fields. */
  note(origin: string, setCookie: string | readonly string[] | undefined): void {
    for (const value of setCookie === undefined ? [] : [setCookie].flat()) {
      const [, name, content] = /^\s*([^=;\s]+)\s*=([^;]*)/.exec(value) ?? [];
      if (name === undefined || content === undefined) continue;
      const jar = this.#jars.get(origin) ?? new Map<string, string>();
      if (jar.size < MAX_COOKIES_PER_ORIGIN || jar.has(name)) this.#jars.set(origin, jar.set(name, content.trim()));
    }
  }

  /** `headers` with these beside the cookies that the caller gives, whose names win. */
  added(origin: string, headers: Readonly<Record<string, string>>): Record<string, string> {
    const jar = this.#jars.get(origin);
    if (jar === undefined) return { ...headers };
    const field = Object.keys(headers).find((name) => name.toLowerCase() === 'cookie') ?? 'cookie';
    const given = headers[field]?.split(';').map((pair) => pair.trim()) ?? [];
    const names = new Set(given.map((pair) => pair.split('=', 1)[0]));
    const own = [...jar].filter(([name]) => !names.has(name)).map(([name, value]) => `${name}=${value}`);
    return { ...headers, [field]: [...given, ...own].join('; ') };
  }
}
