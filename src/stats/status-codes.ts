// Which status codes are errors, and under which name they are counted. Pure; what an error means is for whoever counts it.

export const LOWEST_ERROR_STATUS = 400;
/** FFmpeg takes anything above for no error. */
export const HIGHEST_ERROR_STATUS = 599;

/** `404`, or `other` for what somebody calls an error and HTTP does not. */
export function errorName(status: number): string {
  return status >= LOWEST_ERROR_STATUS && status <= HIGHEST_ERROR_STATUS ? String(status) : 'other';
}
