// Where we differ from the vectors of the peer (../shared/peer/cases) on purpose, with the reason; reviewed by hand.
// A vector that differs and is not listed here fails its test. Where a vector has a `truth`, that is what we are held to.

export const PEER_DIFFERENCES: Readonly<Record<string, string>> = {
  'segment_number.10': 'fMP4 and other segments have numbers too: any extension but a playlist counts',
  'segment_number.23': 'extensions are compared without regard to case, as FFmpeg does',
  'scrape.07': 'a size beyond 2^53 is no file size: the entry is refused and counted instead of rounded',
  'scrape.09': 'an entry without a name can never be looked up: refused and counted',
  'malformed.10': 'FFmpeg prints no negative offset or playlist: such a line is counted as unparsed, not believed',
  'node.07': 'memory that the exporter does not tell is absent, not 0; CPU use of one scrape is unknown',
};
