// Why a count of a log may rightly differ from the truth: each reason with the sentence that says so. Pure data.

/** What FFmpeg's log leaves out or doubles, by experiment; `unexplained` is what nothing here accounts for. */
export const REASONS = {
  deadConnection:
    'a request line is printed before the request is written: these went to kept connections that the server had closed, and were repeated at once on new ones',
  noRequestLines: 'the log has no request lines: FFmpeg prints them at level debug and trace only',
  noOpenLines: 'the log has no lines of openings: FFmpeg prints them at level info and more verbose ones only',
  inputOpenHidden: 'openings of the URL given to -i on new connections are printed at level debug and trace only',
  redirect: 'FFmpeg opens a URL once, and follows its redirects with further requests within that opening',
  httpRetry: 'the HTTP layer asked again within one opening (-reconnect)',
  authChallenge: 'a challenge that FFmpeg can answer is no error to it: it asks again within the same opening',
  refusedUrl: 'FFmpeg announced the opening, and its own rules then refused the URL',
  notConnected: 'FFmpeg announced the opening, and no connection came about',
  killCutOff: 'the last line of a process that was ended, or killed, before its request was out',
  logCutOff: 'requested outside the time that the log covers: it begins late or ends early',
  excludedAtStop: 'requested while the client was being stopped',
  tunnelled: 'requests inside a CONNECT tunnel, which whoever wrote the truth could not see',
  unreadAnswer: 'the answer to the last request: the process, or its log, came to an end before it was read',
  noErrorLines: 'the log has no HTTP error lines: FFmpeg prints them at level warning and more verbose ones only',
  noErrorStatus: 'FFmpeg takes a status above 599 for no error',
  kindGuess:
    'the kind was guessed, by names: below level debug, where the log begins late, or for an event that names none',
  kindUnsaid: 'no row of the truth says its kind, so both sides went by names: counted, but under another kind',
  notStated: 'the events state nothing of this sort',
  unexplained: 'nothing that is known of FFmpeg explains this',
} as const;
export type ReasonCode = keyof typeof REASONS;
