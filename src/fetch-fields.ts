// The fields of a request of our own: who it says it is, the credentials of its URL, and octets for what is not ASCII.
// It sends nothing and keeps no cookies.

/** For all but ours: a second User-Agent would have the origin guess. */
const OWN_FIELD = 'user-agent';
const CREDENTIALS = 'authorization';

/** `given` wins over ours, except for the User-Agent; names in it are of any case. */
export function requestFields(
  target: URL,
  userAgent: string,
  given: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept = Object.entries(given).filter(([name]) => name.toLowerCase() !== OWN_FIELD);
  const isSigned = kept.some(([name]) => name.toLowerCase() === CREDENTIALS);
  const credentials = isSigned ? undefined : basicCredentials(target);
  return {
    [OWN_FIELD]: userAgent,
    accept: '*/*',
    'accept-encoding': 'identity',
    ...(credentials === undefined ? {} : { [CREDENTIALS]: credentials }),
    ...Object.fromEntries(kept),
  };
}

/** Each character as the octets that FFmpeg would send for it; undici takes a character for an octet. */
export function asOctets(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, Buffer.from(value, 'utf8').toString('latin1')]),
  );
}

/** FFmpeg waits to be asked with a 401; one look needs one request. */
function basicCredentials({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  return `Basic ${percentDecoded(`${username}:${password}`).toString('base64')}`;
}

/** Octet by octet as FFmpeg does it: what is no escape stays. `URL` leaves nothing but ASCII. */
function percentDecoded(text: string): Buffer {
  const octets = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(octets, 'latin1');
}
