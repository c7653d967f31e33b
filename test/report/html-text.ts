// Reads the HTML that we write, strictly: lower case, attributes in double quotes, every element closed. Not for anybody else's pages.
import assert from 'node:assert/strict';

export interface HtmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** As written, of scripts and styles; empty of others. */
  readonly content: string;
}

const VOID = new Set(['meta', 'br', 'img', 'rect', 'line']);
const RAW = new Set(['script', 'style']);
const TAG = /<(!doctype html|\/?[a-z][a-z0-9]*)((?:\s+[a-zA-Z0-9-]+(?:="[^"<]*")?)*)\s*(\/?)>/y;

/** In the order in which they begin. Fails on anything that is not as we write it. */
export function elementsOf(page: string): readonly HtmlElement[] {
  const elements: HtmlElement[] = [];
  const open: string[] = [];
  const text = page.replace(/<!-- [^<>]*?-->/g, '');
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at)) {
    TAG.lastIndex = at;
    const [whole = '', tag = '', list = '', closed] = TAG.exec(text) ?? [];
    assert.notEqual(whole, '', `no tag of ours: ${text.slice(at, at + 60)}`);
    at += whole.length;
    if (tag.startsWith('!')) continue;
    if (tag.startsWith('/')) {
      assert.equal(open.pop(), tag.slice(1), `an element is closed that was not open, at ${at}`);
      continue;
    }
    const end = RAW.has(tag) ? text.indexOf(`</${tag}>`, at) : at;
    const attributes = [...list.matchAll(/([a-zA-Z0-9-]+)(?:="([^"]*)")?/g)];
    elements.push({
      name: tag,
      attributes: new Map(attributes.map(([, name = '', value = '']) => [name, decoded(value)])),
      content: text.slice(at, end),
    });
    at = end;
    if (!VOID.has(tag) && closed === '') open.push(tag);
  }
  assert.deepEqual(open, [], 'elements that are never closed');
  return elements;
}

/** What a reader sees: no script, no style, no tag. */
export function textOf(text: string): string {
  return decoded(
    text
      .replace(/<!-- [^<>]*?-->/g, '')
      .replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '')
      .replace(/<[^>]*>/g, ''),
  );
}

function decoded(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
