// What is said when the FFmpeg at hand does not take an option that was asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { omittedNote } from '../../src/run/omitted-note.ts';
import { optionsOf, STREAM } from '../support/command-line.ts';
import { newCapabilities, oldCapabilities } from '../support/swarm.ts';

const found = { isHls: true, isLive: true, streamUrls: [], map: ['0'] };
const note = (capabilities: typeof oldCapabilities, ...argv: readonly string[]): string | undefined =>
  omittedNote({ url: STREAM, options: optionsOf([STREAM, ...argv]), looked: { ...found, capabilities } });

test('an option without effect is named as the user and as FFmpeg know it', () => {
  assert.equal(
    note(oldCapabilities, '--seg-retry', '3'),
    'hls-swarm: FFmpeg 5.1.9 does not take -seg_max_retry (--seg-retry): left out, without effect\n',
  );
});

test('nothing is said where nothing was asked for, or everything is taken', () => {
  assert.equal(note(oldCapabilities), undefined);
  assert.equal(note(newCapabilities, '--seg-retry', '3'), undefined);
});
