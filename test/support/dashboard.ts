// deploy/grafana/hls-swarm.json as its tests need it: panels by row, and each query with the variables put in as Grafana does.
// It knows of Grafana's model only what this dashboard uses.
import { readFileSync } from 'node:fs';

export interface Target {
  readonly refId: string;
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant?: boolean;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly Target[];
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr?: string }[] };
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly query: string | { readonly query: string };
    }[];
  };
}

export interface DashboardQuery {
  /** Title of the row that the panel is in. */
  readonly row: string;
  readonly panel: string;
  readonly target: Target;
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(new URL('../../deploy/grafana/hls-swarm.json', import.meta.url), 'utf8')) as Dashboard;
}

/** In the order of the screen. */
export function queriesOf({ panels }: Dashboard): readonly DashboardQuery[] {
  let row = '';
  return panels.flatMap((panel) => {
    if (panel.type === 'row') row = panel.title;
    return (panel.targets ?? []).map((target) => ({ row, panel: panel.title, target }));
  });
}

/** `$instance` and `$__rate_interval`, which is what they are in a browser that looks at a scrape interval of a second or five. */
export function withVariables(expression: string, instance: string, rateInterval = '20s'): string {
  return expression.replaceAll('$__rate_interval', rateInterval).replaceAll('$instance', instance);
}
