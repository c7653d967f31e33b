// The version of this program, as package.json has it: the one place where it is written.
import { readFileSync } from 'node:fs';

interface Package {
  readonly version: string;
}

/** From src/config and from dist/config alike, package.json is two folders up. */
export const version: string = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Package
).version;
