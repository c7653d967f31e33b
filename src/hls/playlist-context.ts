// The lines of a playlist: which is a tag, which a URI, and the two things that any line may depend on, the base URL and
// the variables defined above it. It knows EXT-X-DEFINE and no other tag.
import { type Attributes, readAttributes, substitute } from './attributes.ts';

/** What the lines above say about the ones below; both kinds of playlist have it. */
export class PlaylistContext {
  readonly #baseUrl: string;
  readonly #variables = new Map<string, string>();

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
  }

  attributes(line: string): Attributes {
    return readAttributes(tagValue(line), this.#variables);
  }

  define(line: string): void {
    const attributes = this.attributes(line);
    const name = attributes.get('NAME');
    const value = attributes.get('VALUE');
    if (name !== undefined && value !== undefined) this.#variables.set(name, value);
  }

  /** An attribute's URI, absolute; one that no base makes absolute stays as written. */
  resolve(uri: string): string {
    return URL.parse(uri, this.#baseUrl)?.href ?? uri;
  }

  /** The same for a URI line, whose variables nobody has replaced yet. */
  resolveLine(line: string): string {
    return this.resolve(substitute(line, this.#variables));
  }
}

export function isUri(line: string): boolean {
  return line !== '' && !line.startsWith('#');
}

export function tagName(line: string): string {
  const colon = line.indexOf(':');
  return colon === -1 ? line : line.slice(0, colon);
}

export function tagValue(line: string): string {
  const colon = line.indexOf(':');
  return colon === -1 ? '' : line.slice(colon + 1).trim();
}
