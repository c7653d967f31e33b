// Which folder of the origin a size listing names: learned from the URLs that were asked for, as a listing does not say it.
// It knows no sizes and fetches nothing. Where the names fit several folders it says so and chooses none.

/** A URL without query and fragment: where its folders are looked for. */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

/** The folder of a URL with its last slash, query and fragment gone. */
export function folderOf(url: string): string {
  const path = withoutQuery(url);
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** A name as a listing writes it. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    // A stray percent sign is legal in a file name that an origin serves unescaped: then the text itself is the name.
    return path;
  }
}

/** Folders that are weighed against one another; with more, such as one per token, none is told from the others. */
const MAX_FOLDERS = 32;

export class ListingFolder {
  readonly #streamFolder: string;
  readonly #isListed: (name: string) => boolean;
  readonly #fitting = new Set<string>();
  #listingParts: readonly string[] = [];
  #folder: string | undefined;

  /** `streamFolder`: of the stream's URL. It is taken until a URL says otherwise, and wins where it fits as well. */
  constructor(streamFolder: string, isListed: (name: string) => boolean) {
    this.#streamFolder = streamFolder;
    this.#isListed = isListed;
    this.#folder = streamFolder;
  }

  /** Undefined when several folders fit and the listing's own URL names none of them, or more than one. */
  get folder(): string | undefined {
    return this.#folder;
  }

  /** The folder, when it is not the stream's own. */
  get learned(): string | undefined {
    return this.#folder === this.#streamFolder ? undefined : this.#folder;
  }

  /** Where the listing itself comes from: `/files/v0/json/` is of a folder `v0`. */
  listedAt(url: string): void {
    this.#listingParts = withoutQuery(url).split('/');
    this.#choose();
  }

  /** `path`: a URL that was asked for, without its query. */
  asked(path: string): void {
    if (this.#fitting.has(this.#streamFolder) || this.#fitting.size >= MAX_FOLDERS) return;
    const isOfStream = path.startsWith(this.#streamFolder) && this.#isListedUnder(this.#streamFolder, path);
    const folder = isOfStream ? this.#streamFolder : this.#folderNaming(path);
    if (folder === undefined || this.#fitting.has(folder)) return;
    this.#fitting.add(folder);
    this.#choose();
  }

  #choose(): void {
    const folders = [...this.#fitting];
    if (folders.length === 0 || this.#fitting.has(this.#streamFolder)) this.#folder = this.#streamFolder;
    else if (folders.length === 1) this.#folder = folders[0];
    else {
      const named = folders.filter((folder) => this.#listingParts.includes(folder.split('/').at(-2) ?? ''));
      this.#folder = named.length === 1 && folders.length < MAX_FOLDERS ? named[0] : undefined;
    }
  }

  /** The shortest folder under which the rest of the path is a listed name: the longest name is the least chance hit. */
  #folderNaming(path: string): string | undefined {
    const authority = path.indexOf('//') + '//'.length;
    for (let slash = path.indexOf('/', authority); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash + 1);
      if (this.#isListedUnder(folder, path)) return folder;
    }
    return undefined;
  }

  #isListedUnder(folder: string, path: string): boolean {
    return this.#isListed(decodePath(path.slice(folder.length)));
  }
}
