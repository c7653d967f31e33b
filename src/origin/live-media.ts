// When the files of a live folder are a stream: each media playlist is long enough to start from, and of several renditions
// the multivariant playlist is there too, published here. It does not serve and starts no FFmpeg.
import type { Clock } from '../clock.ts';
import { MediaStore } from './media-store.ts';
import { multivariantPlaylist } from './multivariant.ts';
import { PLAYLIST_NAME, type Profile, renditionNames } from './profiles.ts';

export interface LiveMedia {
  readonly store: MediaStore;
  readonly isLive: () => boolean;
}

interface LiveMediaOptions {
  readonly profile: Profile;
  readonly folder: string;
  readonly clock: Clock;
  /** Told at every playlist from the first moment on. */
  readonly onLive: () => void;
  /** As of the store. */
  readonly onFailure: (reason: string) => void;
}

/** FFmpeg clients begin three segments before the live edge. */
const SEGMENTS_TO_BE_LIVE = 3;

/** The store of a folder that a remux is about to fill. */
export function openLiveMedia({ profile, folder, clock, onLive, onFailure }: LiveMediaOptions): LiveMedia {
  const isLive = (): boolean => store.get(PLAYLIST_NAME) !== undefined && hasMediaPlaylists(profile, store);
  const store = new MediaStore(
    folder,
    ({ isPlaylist }) => {
      if (!isPlaylist) return;
      if (isLive()) onLive();
      else if (hasMediaPlaylists(profile, store)) publishMultivariant(profile, store, clock);
    },
    onFailure,
  );
  return { store, isLive };
}

function hasMediaPlaylists(profile: Profile, store: MediaStore): boolean {
  return profile.renditions.every((rendition) => {
    const text = store.get(renditionNames(profile, rendition).playlist)?.content.toString() ?? '';
    return text.split('#EXTINF:').length > SEGMENTS_TO_BE_LIVE;
  });
}

/** Last, so that everything it names can be fetched. */
function publishMultivariant(profile: Profile, store: MediaStore, clock: Clock): void {
  const text = multivariantPlaylist(profile, store.list());
  if (text !== undefined) store.put(PLAYLIST_NAME, Buffer.from(text), Math.floor(clock.wallMs()));
}
