// Another FFmpeg than the one on the PATH, for those who bring one: every sandbox then has it. It looks for none itself.

const named = process.env['HLS_SWARM_SECOND_FFMPEG'] ?? '';

/** The FFmpeg that the system tests are run with. */
export const TESTED_FFMPEG: string = named === '' ? 'ffmpeg' : named;

/** The `skip` option of a test that is about the other one. */
export const withoutSecondFfmpeg: false | string =
  named === '' && 'HLS_SWARM_SECOND_FFMPEG names no other FFmpeg (npm run test:ffmpeg7 brings 7.0.2)';
