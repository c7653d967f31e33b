// Why a count of a log may rightly differ from the truth: each reason with the sentence that says so. Pure data.

/** What FFmpeg's log leaves out or doubles, by experiment; `unexplained` is what nothing here accounts for. */
export const REASONS = {
  deadConnection:
    'a request line is printed before the request is written: these went to kept connections that the server had closed, and were repeated at once on new ones',
  noRequestLines: 'the log has no request lines: FFmpeg prints them at level debug and trace only',
  noOpenLines: 'the log has no lines of openings: FFmpeg prints them at level info and more verbose ones only',
  inputOpenHidden: 'openings of the URL given to -i are printed at level debug and trace only',
  redirect: 'FFmpeg opens a URL once, and follows its redirects with further requests within that opening',
  httpRetry: 'the HTTP layer asked again within one opening (-reconnect)',
  refusedUrl: 'FFmpeg announced the opening, and its own rules then refused the URL',
  notConnected: 'FFmpeg announced the opening, and no connection came about',
  killCutOff: 'the last line of a process that was ended before its request was out',
  logCutOff: 'requested outside the time that the log covers: it begins late or ends early',
  excludedAtStop: 'requested while the client was being stopped',
  tunnelled: 'requests inside a CONNECT tunnel, which whoever wrote the truth could not see',
  unreadAnswer: 'FFmpeg was ended, or gave up, before it read that answer',
  authChallenge: 'a challenge that FFmpeg can answer is no error to it',
  noErrorLines: 'the log has no HTTP error lines: FFmpeg prints them at level warning and more verbose ones only',
  kindGuess: 'the log tells kinds only by what FFmpeg announces: counted, but under another kind than in the truth',
  unexplained: 'nothing that is known of FFmpeg explains this',
} as const;
export type ReasonCode = keyof typeof REASONS;
