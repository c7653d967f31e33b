// Reads a Range field against a known size (RFC 9110 section 14), single ranges only.
// It does not answer: the server does. Anything that is not one byte range is ignored, as the RFC allows.

/** Octets `first..last`, both included; or all of it; or nothing that could be sent. */
export type RangeAnswer =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly first: number; readonly last: number }
  | { readonly kind: 'unsatisfiable' };

const SINGLE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;
const WHOLE: RangeAnswer = { kind: 'whole' };

/** `bytes=0-` is a part too (nginx answers it 206, and FFmpeg asks for everything that way). */
export function readRange(field: string | undefined, sizeBytes: number): RangeAnswer {
  const [matched, from = '', to = ''] = SINGLE_RANGE.exec(field ?? '') ?? [];
  if (matched === undefined || (from === '' && to === '')) return WHOLE;
  if (from === '') return part(Math.max(0, sizeBytes - Number(to)), sizeBytes - 1, sizeBytes);
  if (to !== '' && Number(to) < Number(from)) return WHOLE;
  return part(Number(from), to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1), sizeBytes);
}

function part(first: number, last: number, sizeBytes: number): RangeAnswer {
  return first < sizeBytes && first <= last ? { kind: 'part', first, last } : { kind: 'unsatisfiable' };
}
