// The files of a live folder in memory: each version is read once, when FFmpeg renames it into place, and shared by all answers.
// It knows no HTTP and deletes nothing; a file that FFmpeg removed is forgotten. One of our own making can be put beside.
import { type FSWatcher, readFileSync, type Stats, statSync, watch } from 'node:fs';
import { extname, join } from 'node:path';

export interface MediaFile {
  readonly name: string;
  readonly content: Buffer;
  readonly mediaType: string;
  /** Strong: changes with every version. */
  readonly etag: string;
  readonly modifiedWallMs: number;
  readonly isPlaylist: boolean;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.ts': 'video/mp2t',
  '.mp4': 'video/mp4',
  '.m4s': 'video/mp4',
};

/**
 * Reads in the watcher's callback, and synchronously: so a segment is always there before the playlist that lists it, and a
 * playlist before the next request. It is a memory copy of half a megabyte per segment duration.
 */
export class MediaStore {
  readonly #folder: string;
  readonly #onChange: (file: MediaFile) => void;
  readonly #files = new Map<string, MediaFile>();
  readonly #onFailure: (reason: string) => void;
  readonly #watcher: FSWatcher;
  #versions = 0;

  /** `onFailure` gets a sentence when the folder cannot be watched any more, or a file in it cannot be read. */
  constructor(folder: string, onChange: (file: MediaFile) => void, onFailure: (reason: string) => void) {
    this.#folder = folder;
    this.#onChange = onChange;
    this.#onFailure = onFailure;
    this.#watcher = watch(folder, (event, name) => {
      if (name !== null && (event === 'rename' || isWrittenInPlace(name))) this.#refresh(name);
    });
    this.#watcher.on('error', (error) => onFailure(`${folder} cannot be watched: ${error.message}`));
  }

  get(name: string): MediaFile | undefined {
    return this.#files.get(name);
  }

  /** By name. */
  list(): readonly MediaFile[] {
    return [...this.#files.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** A file that is in no folder. */
  put(name: string, content: Buffer, modifiedWallMs: number): void {
    const mediaType = MEDIA_TYPES[extname(name)];
    if (mediaType !== undefined) this.#keep({ name, mediaType, content, modifiedWallMs });
  }

  close(): void {
    this.#watcher.close();
    this.#files.clear();
  }

  /** Names without a known media type (the muxer's `.tmp`) are not ours to serve. */
  #refresh(name: string): void {
    const mediaType = MEDIA_TYPES[extname(name)];
    if (mediaType === undefined) return;
    const version = this.#read(join(this.#folder, name));
    if (version === undefined) {
      this.#files.delete(name);
      return;
    }
    this.#keep({ name, mediaType, content: version.content, modifiedWallMs: Math.floor(version.status.mtimeMs) });
  }

  #keep({ name, mediaType, content, modifiedWallMs }: Omit<MediaFile, 'etag' | 'isPlaylist'>): void {
    this.#versions += 1;
    const file: MediaFile = {
      name,
      content,
      mediaType,
      // A file system's clock ticks in milliseconds, so time and size alone may repeat.
      etag: `"${modifiedWallMs.toString(16)}-${content.length.toString(16)}-${this.#versions.toString(16)}"`,
      modifiedWallMs,
      isPlaylist: extname(name) === '.m3u8',
    };
    this.#files.set(name, file);
    this.#onChange(file);
  }

  /** Undefined for what is no file (any more: it may be removed between the event and the reading). Throws nothing. */
  #read(path: string): { readonly status: Stats; readonly content: Buffer } | undefined {
    try {
      const status = statSync(path);
      return status.isFile() ? { status, content: readFileSync(path) } : undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.#onFailure(`${path} cannot be read: ${message}`);
      return undefined;
    }
  }
}

/** FFmpeg renames all but the initialization section, which no list names before it is whole. */
function isWrittenInPlace(name: string): boolean {
  return extname(name) === '.mp4';
}
