// nginx's own status page (ngx_http_stub_status_module) as the samples that its exporter makes of it.
// It knows this page and no other, and computes nothing.
import type { Sample } from './prometheus-text.ts';

/** As nginx has printed it since 0.7; blanks at the line ends are its own. */
const STUB_STATUS =
  /^Active connections: (\d+)[ \r]*\nserver accepts handled requests[^\n]*\n *(\d+) (\d+) (\d+)[^\n]*\nReading: (\d+) Writing: (\d+) Waiting: (\d+)[ \r\n]*$/;
const NAMES = [
  'nginx_connections_active',
  'nginx_connections_accepted',
  'nginx_connections_handled',
  'nginx_http_requests_total',
  'nginx_connections_reading',
  'nginx_connections_writing',
  'nginx_connections_waiting',
];

/** Undefined when the text is not that page. */
export function readStubStatus(text: string): readonly Sample[] | undefined {
  const values = STUB_STATUS.exec(text)?.slice(1);
  return values?.map((value, at) => ({ name: NAMES[at] ?? '', labels: {}, value: Number(value) }));
}
