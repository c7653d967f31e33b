// The exporters that origins have beside them, as Debian packages them. They export; what is read from it is the test's.
import { type Service, startService } from './service.ts';

export const NODE_EXPORTER = 'prometheus-node-exporter';
export const NGINX_EXPORTER = 'prometheus-nginx-exporter';

/** Serves `/metrics` with this machine's CPU, memory and network devices, `lo` among them, and nothing else. */
export function startNodeExporter(): Promise<Service> {
  const collectors = ['cpu', 'meminfo', 'netdev'].map((name) => `--collector.${name}`);
  return startService({
    command: NODE_EXPORTER,
    args: (port) => [
      `--web.listen-address=127.0.0.1:${port}`,
      '--collector.disable-defaults',
      ...collectors,
      // Debian's leaves lo out unless told otherwise; between programs of one machine it is the only device.
      '--collector.netdev.device-exclude=^$',
    ],
    readyPath: '/metrics',
  });
}

/** Serves `/metrics` with what nginx says at `statusUrl` (stub_status), which must answer already. */
export function startNginxExporter(statusUrl: string): Promise<Service> {
  return startService({
    command: NGINX_EXPORTER,
    args: (port) => [`-web.listen-address=127.0.0.1:${port}`, `-nginx.scrape-uri=${statusUrl}`],
    readyPath: '/metrics',
  });
}
