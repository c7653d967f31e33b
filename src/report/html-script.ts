// The page's own script, as text: it draws the charts with uPlot from the JSON in the page, in the colours of the style sheet.
// It asks nothing of any network and changes nothing but the places of the charts. Without it the tables below them remain.

export const PAGE_SCRIPT = `(() => {
  'use strict';
  const HEIGHT = 220;
  const DASHES = { proxy: [], parser: [8, 4], origin: [2, 3], trouble: [1, 2] };
  const BORDERS = { proxy: 'solid', parser: 'dashed', origin: 'dotted', trouble: 'dotted' };
  const figures = JSON.parse(document.getElementById('figures').textContent);
  const drawn = new Map();
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const clock = (seconds) => {
    const whole = Math.max(0, Math.round(seconds));
    const two = (value) => String(value).padStart(2, '0');
    const minutes = Math.floor(whole / 60) % 60;
    const hours = Math.floor(whole / 3600);
    return (hours > 0 ? hours + ':' + two(minutes) : String(minutes)) + ':' + two(whole % 60);
  };
  const shown = (unit) => (_, value) =>
    value === null || value === undefined ? '-' : value.toLocaleString('en-US') + ' ' + unit;
  const axis = (extra) => ({
    stroke: colour('quiet'),
    grid: { stroke: colour('rule'), width: 1 },
    ticks: { stroke: colour('rule'), width: 1 },
    font: '12px system-ui, sans-serif',
    ...extra,
  });
  const draw = (chart) => {
    const place = document.getElementById('plot-' + chart.id);
    if (place === null) return;
    const before = drawn.get(chart.id);
    if (before !== undefined) before.destroy();
    const stepped = chart.isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined;
    const showLast = (plot) => {
      if (plot.cursor.idx === null || plot.cursor.idx === undefined) plot.setLegend({ idx: chart.seconds.length - 1 });
    };
    const options = {
      hooks: { ready: [(plot) => queueMicrotask(() => showLast(plot))], setCursor: [(plot) => queueMicrotask(() => showLast(plot))] },
      width: Math.max(280, place.clientWidth),
      height: HEIGHT,
      legend: { markers: { dash: (_, at) => BORDERS[chart.lines[at - 1]?.style] ?? 'solid', fill: () => 'transparent' } },
      scales: {
        x: { time: false },
        y: { range: (_, least, most) => [Math.min(0, least ?? 0), most > 0 ? most * 1.08 : 1] },
      },
      axes: [
        axis({ values: (_, ticks) => ticks.map(clock), incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400] }),
        axis({ size: 56, values: (_, ticks) => ticks.map((tick) => tick.toLocaleString('en-US')) }),
      ],
      series: [
        { label: 'at', value: (_, value) => (value === null || value === undefined ? '-' : clock(value)) },
        ...chart.lines.map(({ label, style }) => ({
          label,
          stroke: colour(style),
          width: 2,
          dash: DASHES[style],
          points: { show: chart.seconds.length < 3 },
          value: shown(chart.unit),
          ...(stepped === undefined ? {} : { paths: stepped }),
        })),
      ],
    };
    const plot = new uPlot(options, [chart.seconds, ...chart.lines.map(({ values }) => values)], place);
    drawn.set(chart.id, plot);
  };
  const moveCursor = (chart, by) => {
    const plot = drawn.get(chart.id);
    const last = chart.seconds.length - 1;
    const at = plot.cursor.idx ?? (by > 0 ? -1 : last + 1);
    const next = Math.min(last, Math.max(0, at + by));
    plot.setCursor({ left: plot.valToPos(chart.seconds[next], 'x'), top: HEIGHT / 3 });
  };
  const drawAll = () => figures.forEach(draw);
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -1e9, End: 1e9 };
  for (const chart of figures) {
    const place = document.getElementById('plot-' + chart.id);
    if (place === null) continue;
    place.addEventListener('keydown', (event) => {
      const by = STEPS[event.key];
      if (by === undefined) return;
      event.preventDefault();
      moveCursor(chart, by);
    });
  }
  drawAll();
  let width = document.body.clientWidth;
  addEventListener('resize', () => {
    if (document.body.clientWidth === width) return;
    width = document.body.clientWidth;
    drawAll();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  matchMedia('print').addEventListener('change', drawAll);
})();`;
