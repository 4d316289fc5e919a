import { texts } from '/assets/texts.js';
import { element, percent, step, unavailable, whole } from '/assets/format.js';

/** Sparklines as SVG, trends with Chart.js; each trend stands beside a table of the same values. */

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 120;
const HEIGHT = 32;

function svg(name, attributes) {
  const made = document.createElementNS(SVG, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

/**
 * The points of a series as they are told, in order. Where somebody who began in a step may still
 * reach the goal, its figure may still rise: it is open.
 */
export function pointsOf(series, grain, openFor, now) {
  const length = grain === 'hour' ? 3_600_000 : 86_400_000;
  return Object.entries(series ?? {})
    .map(([at, [value, numerator, denominator]]) => ({
      at: Number(at),
      value,
      numerator,
      denominator,
      open: openFor !== null && denominator > 0 && Number(at) + length + openFor > now,
    }))
    .sort((a, b) => a.at - b.at);
}

/** Points without a value interrupt the line. */
function pieces(points) {
  const found = [[]];
  points.forEach(({ value }, index) => {
    if (value === null) {
      found.push([]);
    } else {
      found.at(-1).push([index, value]);
    }
  });
  return found.filter((piece) => piece.length > 0);
}

/** A line as small as a word; hidden from screen readers, since a text beside it says the same. */
export function sparkline(points) {
  const drawn = svg('svg', {
    class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true',
  });
  const values = points.map(({ value }) => value).filter((value) => value !== null);
  if (values.length === 0) {
    return drawn;
  }
  const low = Math.min(...values);
  const spread = Math.max(...values) - low || 1;
  const x = (index) => 2 + (index * (WIDTH - 4)) / Math.max(1, points.length - 1);
  const y = (value) => HEIGHT - 3 - ((value - low) * (HEIGHT - 6)) / spread;
  for (const piece of pieces(points)) {
    const line = piece.map(([index, value]) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
    if (piece.length > 1) {
      const base = `${x(piece.at(-1)[0]).toFixed(1)},${HEIGHT} ${x(piece[0][0]).toFixed(1)},${HEIGHT}`;
      drawn.append(svg('polygon', { class: 'spark-area', points: `${line.join(' ')} ${base}` }));
    }
    drawn.append(svg('polyline', { class: 'spark-line', points: line.join(' ') }));
  }
  return drawn;
}

/** A colour of the style sheet as it is in the scheme of now, which only an element can tell. */
function style(name) {
  const probe = element('span', { class: `probe ${name.slice(2)}`, hidden: true });
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** Dashed lines where red ends and green begins. */
const targets = {
  id: 'targets',
  beforeDatasetsDraw(chart, _, { lines }) {
    const { ctx, chartArea, scales } = chart;
    ctx.save();
    ctx.setLineDash([4, 4]);
    ctx.lineWidth = 1;
    for (const { at, colour } of lines) {
      const y = scales.y.getPixelForValue(at);
      ctx.strokeStyle = colour;
      ctx.beginPath();
      ctx.moveTo(chartArea.left, y);
      ctx.lineTo(chartArea.right, y);
      ctx.stroke();
    }
    ctx.restore();
  },
};

/** One trend: a chart, links to export it, and its table. */
export class Trend {
  constructor(kpi) {
    this.kpi = kpi;
    this.canvas = element('canvas', { role: 'img' });
    this.title = element('h3');
    this.missing = element('p', { class: 'empty', hidden: true });
    this.links = element('p', { class: 'export' });
    this.summary = element('summary');
    this.rows = element('tbody');
    this.header = element('tr');
    this.caption = element('caption', { class: 'hidden' });
    this.table = element('details', {}, this.summary,
      element('div', { class: 'scroll', tabindex: '0', role: 'group' },
        element('table', {}, this.caption, element('thead', {}, this.header), this.rows)));
    this.card = element('article', { class: 'card trend' },
      element('div', { class: 'trend-head' }, this.title, this.links),
      this.missing, element('div', { class: 'canvas' }, this.canvas), this.table);
  }

  /** Draws what is known now. */
  show(title, tile, trend) {
    const words = texts();
    const points = pointsOf(
      trend.series[this.kpi], trend.grain, tile.open_for_ms, Date.parse(trend.to));
    const labels = points.map(({ at }) => step(trend.grain, at));
    const values = points.map(({ value }) => value);
    this.title.textContent = title;
    this.caption.textContent = title;
    this.table.lastElementChild.setAttribute('aria-label', title);
    this.summary.textContent = words.table;
    this.#link(title, trend);
    this.#tabulate(points, labels);
    this.missing.hidden = tile.available;
    this.missing.textContent = tile.available ? '' : unavailable(tile.reason);
    this.canvas.parentElement.hidden = !tile.available;
    this.table.hidden = !tile.available;
    this.links.hidden = !tile.available;
    if (!tile.available) {
      return;
    }
    const last = points.findLast(({ value }) => value !== null);
    this.canvas.setAttribute('aria-label', words.chart(title, last
      ? words.chartLast(percent(last.value), step(trend.grain, last.at), last.open) : words.noData));
    this.#draw(labels, values, points, tile);
  }

  #link(title, trend) {
    const range = new URLSearchParams({ from: trend.from, to: trend.to, grain: trend.grain });
    const made = [['.csv', texts().csv], ['', texts().json]].map(([suffix, form]) =>
      element('a', {
        href: `/analytics/kpi/${this.kpi}${suffix}?${range}`,
        'aria-label': texts().exportOf(title, form),
        download: `${this.kpi}${suffix || '.json'}`,
      }, form));
    this.links.replaceChildren(...made);
  }

  #tabulate(points, labels) {
    const words = texts();
    this.header.replaceChildren(...[words.day, words.value, words.cases].map((text, index) =>
      element('th', { scope: 'col', class: index > 0 ? 'num' : null }, text)));
    this.rows.replaceChildren(...points.map(({ value, numerator, denominator, open }, index) =>
      element('tr', {},
        element('th', { scope: 'row' }, labels[index]),
        element('td', { class: 'num' }, value === null ? '–' : percent(value),
          open ? element('span', { class: 'soft' }, ` ${words.open}`) : null),
        element('td', { class: 'num' }, `${whole(numerator)} / ${whole(denominator)}`))));
  }

  #draw(labels, values, points, tile) {
    const lines = tile.red_below === null || !tile.available ? [] : [
      { at: tile.red_below, colour: style('--red') },
      { at: tile.green_from, colour: style('--green') },
    ];
    const top = Math.max(10, ...values.filter((value) => value !== null), ...lines.map(({ at }) => at));
    const options = {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: 'index', intersect: false },
      plugins: {
        legend: { display: false },
        targets: { lines },
        tooltip: {
          displayColors: false,
          callbacks: {
            label: ({ dataIndex, raw }) => raw === null ? texts().noData
              : `${percent(raw)}  (${texts().of(whole(points[dataIndex].numerator), whole(points[dataIndex].denominator))})`
                + (points[dataIndex].open ? ` ${texts().open}` : ''),
          },
        },
      },
      scales: {
        x: {
          grid: { display: false }, border: { color: style('--line') },
          ticks: { color: style('--soft'), maxRotation: 0, autoSkipPadding: 16, font: { size: 11 } },
        },
        y: {
          min: 0, max: Math.min(100, Math.ceil((top * 1.1) / 20) * 20),
          grid: { color: style('--line') }, border: { display: false },
          ticks: { color: style('--soft'), maxTicksLimit: 5, font: { size: 11 }, callback: (value) => `${value} %` },
        },
      },
    };
    const data = {
      labels,
      datasets: [{
        data: values, borderColor: style('--accent'), backgroundColor: style('--accent-wash'), fill: true,
        borderWidth: 2, tension: 0.25, pointRadius: values.length > 40 ? 0 : 2.5, pointHoverRadius: 5,
        pointBackgroundColor: points.map(({ open }) => style(open ? '--card' : '--accent')),
        segment: { borderDash: ({ p1DataIndex }) => points[p1DataIndex]?.open ? [5, 4] : undefined },
      }],
    };
    if (this.chart) {
      this.chart.data = data;
      this.chart.options = options;
      this.chart.update();
    } else {
      this.chart = new Chart(this.canvas, { type: 'line', data, options, plugins: [targets] });
    }
  }
}
