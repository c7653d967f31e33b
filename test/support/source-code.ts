// A light reading of TypeScript for the house test: text without comments and strings, imports, function bodies.
// It is no parser: it knows just enough of the language for code that the formatter has laid out. (TypeScript 7 has no API.)
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

export interface Import {
  /** As written; a relative one also resolved to a path from the root in `path`. */
  readonly specifier: string;
  readonly path?: string;
  readonly isTypeOnly: boolean;
}

export interface SourceFile {
  /** From the project root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** `text` with comments, strings and regular expressions blanked; offsets and lines are unchanged. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const SOURCE = /\.(ts|js)$/;

/** Every source file under the folders; a missing folder has none. Fixtures are data and left out. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    listFiles(join(root, folder))
      .map((path) => relative(root, path))
      .filter((path) => SOURCE.test(path) && !path.startsWith('test/fixtures/'))
      .sort()
      .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8'))),
  );
}

export function sourceFile(path: string, text: string): SourceFile {
  const code = blank(text, true);
  return { path, text, code, imports: importsOf(path, blank(text, false), code) };
}

/** Line number, 1-based, of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** First line and number of lines of each body in braces of a function, method or arrow function. */
export function functionBodies(code: string): { readonly line: number; readonly lines: number }[] {
  const open: number[] = [];
  const bodies: { line: number; lines: number }[] = [];
  for (let offset = 0; offset < code.length; offset += 1) {
    if (code[offset] === '{') open.push(offset);
    if (code[offset] !== '}') continue;
    const start = open.pop();
    if (start === undefined || !opensFunction(code.slice(0, start))) continue;
    const line = lineAt(code, start);
    bodies.push({ line, lines: lineAt(code, offset) - line + 1 });
  }
  return bodies;
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

const TOKEN =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\[\s\S]|[^'\\\n])*'|"(?:\\[\s\S]|[^"\\\n])*"|`(?:\\[\s\S]|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}|[^`\\])*`|\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[dgimsuvy]*/g;
/** After these a slash begins a regular expression; after anything else it divides. */
const BEFORE_REGEX = /(?:^|[=(,:;!&|?{}[+\-*%<>~^]|\breturn|\btypeof|\bcase|\bin|\bof|\bawait|=>)\s*$/;

function blank(text: string, withStrings: boolean): string {
  let result = '';
  let position = 0;
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(text); token !== null; token = TOKEN.exec(text)) {
    const [found] = token;
    const isComment = found.startsWith('//') || found.startsWith('/*');
    const before = result + text.slice(position, token.index);
    if (found.startsWith('/') && !isComment && !BEFORE_REGEX.test(before)) {
      TOKEN.lastIndex = token.index + 1;
      continue;
    }
    result = before + (isComment || withStrings ? blanked(found) : found);
    position = token.index + found.length;
  }
  return result + text.slice(position);
}

/** Quotes stay as a mark that a value stood there; what a template computes stays as code. */
function blanked(token: string): string {
  if (!token.startsWith('`')) return token.replace(/[^\n]/g, ' ');
  return token.replace(/\$\{([^{}]*)\}|[^\n]/g, (match, expression: string | undefined) =>
    expression === undefined ? match.replace(/[^\n]/g, ' ') : `( ${expression})`,
  );
}

const IMPORT =
  /^(?:import|export)\b(\s+type\b)?[^;'"]*?\bfrom\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

function importsOf(path: string, withStrings: string, code: string): Import[] {
  return [...withStrings.matchAll(IMPORT)]
    .filter((match) => code.startsWith(match[0].slice(0, 6), match.index))
    .map((match): Import => {
      const specifier = match[2] ?? match[3] ?? match[4] ?? '';
      const isRelative = specifier.startsWith('.');
      return {
        specifier,
        isTypeOnly: match[1] !== undefined,
        ...(isRelative ? { path: normalize(join(dirname(path), specifier)) } : {}),
      };
    });
}

/** Braces of a type or of a plain block. */
const NOT_A_BODY = /\b(?:class|interface|namespace)\b[^{};]*$|\b(?:else|try|finally|do|static)$/;
const NOT_A_FUNCTION = /\b(?:if|for|while|switch|catch|with|await)\s*$/;
const OPENING = '([{<';
const CLOSING = ')]}>';

/** Whether a brace after `before` opens a function's body: an arrow, a parameter list, or one with a return type. */
function opensFunction(before: string): boolean {
  const text = before.trimEnd();
  if (text.endsWith('=>')) return true;
  if (NOT_A_BODY.test(text)) return false;
  const end = text.endsWith(')') ? text.length - 1 : returnTypeStart(text);
  if (end === undefined) return false;
  const start = openingOf(text, end);
  return start !== undefined && !NOT_A_FUNCTION.test(text.slice(0, start));
}

/** Offset of the ")" before a return type that ends `text`. */
function returnTypeStart(text: string): number | undefined {
  if (/[:<|&,([{}=?;]$/.test(text.replace(/\}$/, 'x'))) return undefined;
  for (let offset = text.length - 1; offset > 0; offset -= 1) {
    const character = text[offset] ?? '';
    if (character === '>' && text[offset - 1] === '=') offset -= 1;
    else if (CLOSING.includes(character)) offset = openingOf(text, offset) ?? 0;
    else if (OPENING.includes(character) || character === ';' || character === '=') return undefined;
    else if (character === ':') {
      const previous = text.slice(0, offset).trimEnd();
      return previous.endsWith(')') ? previous.length - 1 : undefined;
    }
  }
  return undefined;
}

function openingOf(text: string, closing: number): number | undefined {
  let depth = 0;
  for (let offset = closing; offset >= 0; offset -= 1) {
    const character = text[offset] ?? '';
    if (character === '>' && text[offset - 1] === '=') continue;
    if (CLOSING.includes(character)) depth += 1;
    if (OPENING.includes(character)) depth -= 1;
    if (depth === 0) return offset;
  }
  return undefined;
}
