// Reads Prometheus text back into values, for the tests. It accepts only what the exposition format allows on a line.

/** Series (name and labels in the order of the text) to value. Throws on a line that is no sample and on a repeated series. */
export function parsePrometheusText(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || /^# (HELP|TYPE) /.test(line)) continue;
    const match = /^([a-z_:][a-z0-9_:]*(?:\{[^\n]*\})?) (\S+)$/i.exec(line);
    const [, series, value] = match ?? [];
    if (series === undefined || value === undefined) throw new Error(`not a sample: ${line}`);
    if (values.has(series)) throw new Error(`repeated series: ${series}`);
    values.set(series, Number(value));
  }
  return values;
}
