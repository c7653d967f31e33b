// A log line for people: of the JSON form the time, the level, the event and the fields; anything else as it is.
// It redacts nothing (that is done when a line is written) and drops no field.

const TIME_OF_DAY = /T(\d\d:\d\d:\d\d)/;

export function readableLogLine(line: string): string {
  const fields = fieldsOf(line);
  if (fields === undefined) return line;
  const { level, time, event, msg, ...rest } = fields;
  const start = [TIME_OF_DAY.exec(text(time))?.[1], text(level).toUpperCase(), text(event), text(msg)];
  const others = Object.entries(rest).map(([name, value]) => `${name}=${text(value)}`);
  return [...start, ...others].filter((part) => part !== undefined && part !== '').join(' ');
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
