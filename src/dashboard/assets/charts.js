/** Draws stacked bars from the table that stands beside each chart. */
import uPlot from './uplot.js';

const HEIGHT = 260;

/** The first column names the bars, the last one is their sum, which the stack shows anyway. */
const readTable = (table) => {
  const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
  return {
    names: heads.slice(1, -1),
    labels: rows.map(([first]) => first.textContent.trim()),
    values: heads
      .slice(1, -1)
      .map((_, index) => rows.map((cells) => Number(cells[index + 1].querySelector('data').value))),
    words: rows.map((cells) => cells.slice(1).map((cell) => cell.textContent.trim())),
  };
};

/** Each series with those below it: the tallest is drawn first, and the others over it. */
const stack = (values) => {
  const sums = values[0]?.map(() => 0) ?? [];
  return values.map((series) => series.map((value, at) => (sums[at] += value)));
};

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const amount = (value, unit) =>
  unit === '$' ? `$${value < 1 ? value.toFixed(2) : short.format(value)}` : short.format(value);

const axes = (labels, unit) => {
  const common = {
    stroke: color('--quiet'),
    font: '12px system-ui, sans-serif',
    grid: { stroke: color('--line'), width: 1 },
    ticks: { stroke: color('--line'), width: 1 },
  };
  return [
    {
      ...common,
      grid: { show: false },
      space: 72,
      size: 32,
      incrs: [1, 2, 5, 7, 10, 14, 20, 30, 50, 100],
      values: (_, splits) => splits.map((at) => labels[at] ?? ''),
    },
    { ...common, size: 64, values: (_, splits) => splits.map((value) => amount(value, unit)) },
  ];
};

const draw = (section) => {
  const table = section.querySelector('table');
  const drawing = section.querySelector('.drawing');
  const readout = section.querySelector('.readout');
  const { names, labels, values, words } = readTable(table);
  const stacked = stack(values);
  const order = names.map((_, index) => index).toReversed();
  const bars = uPlot.paths.bars({ size: [0.7, 48], gap: 1 });
  const showColumn = ({ cursor: { idx } }) => {
    const row = idx == null ? undefined : words[idx];
    readout.textContent =
      row === undefined
        ? ''
        : `${labels[idx]}: ${row.at(-1)}${names.length < 2 ? '' : ` (${names.map((name, at) => `${name} ${row[at]}`).join(', ')})`}`;
  };
  const options = {
    width: drawing.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: {
      x: { time: false, range: () => [-0.6, labels.length - 0.4] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.05 : 1] },
    },
    axes: axes(labels, section.dataset.unit),
    series: [
      {},
      ...order.map((index) => ({
        label: names[index],
        fill: color(`--series-${index}`),
        width: 0,
        paths: bars,
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [showColumn] },
  };
  drawing.replaceChildren();
  const chart = new uPlot(options, [labels.map((_, at) => at), ...order.map((index) => stacked[index])], drawing);
  section.dataset.drawn = '';
  return { chart, drawing };
};

const sections = [...document.querySelectorAll('[data-chart]')];
let drawn = sections.map(draw);

// Colours are painted into the picture, so another scheme needs another picture.
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const { chart } of drawn) chart.destroy();
  drawn = sections.map(draw);
});

new ResizeObserver(() => {
  for (const { chart, drawing } of drawn)
    if (drawing.clientWidth !== chart.width) chart.setSize({ width: drawing.clientWidth, height: HEIGHT });
}).observe(document.body);
