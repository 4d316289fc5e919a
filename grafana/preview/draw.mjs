// Draws the panels of a dashboard with Grafana's own panel library in a headless Chromium: the real JSON
// and what the real database and Prometheus answer, without a Grafana server. Panels that ask Prometheus
// are left out where PROMETHEUS_URL does not say where it is.
//
//   PGHOST=... PGPORT=... PGDATABASE=... PGUSER=... PGPASSWORD=... [PROMETHEUS_URL=http://...] \
//     npm run draw -- <dashboard.json> <hours of the window> <picture.png> [light]
import { readFileSync, rmSync, writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import pg from 'pg';
import puppeteer from 'puppeteer-core';

const here = dirname(fileURLToPath(import.meta.url));
const [file, hours, picture, theme = 'dark'] = process.argv.slice(2);
const dashboard = JSON.parse(readFileSync(file, 'utf8'));
const to = new Date();
const from = new Date(to.getTime() - Number(hours) * 3_600_000);

// As Grafana reads them: numbers as floating point, times as milliseconds.
pg.types.setTypeParser(pg.types.builtins.NUMERIC, Number);
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

function expand(sql) {
  const interval = `${Math.max(60, Math.round((to - from) / 200_000 / 60) * 60)}s`;
  return sql
    .replaceAll('$__interval', interval)
    .replace(/\$([_a-zA-Z0-9]+)\(([^)]*)\)/g, (all, name) => {
      switch (name) {
        case '__timeFrom':
          return `'${from.toISOString()}'`;
        case '__timeTo':
          return `'${to.toISOString()}'`;
        default:
          throw new Error(`unknown macro ${name}`);
      }
    });
}

function kind(type) {
  switch (type) {
    case pg.types.builtins.TIMESTAMPTZ:
      return 'time';
    case pg.types.builtins.TEXT:
      return 'string';
    case pg.types.builtins.BOOL:
      return 'boolean';
    default:
      return 'number';
  }
}

const RATE_INTERVAL = '1m';

// As Grafana asks: a point each few pixels of the window.
async function ask(target) {
  const seconds = (to - from) / 1000;
  const query = target.expr
    .replaceAll('$__rate_interval', RATE_INTERVAL)
    .replaceAll('$__range', `${Math.round(seconds)}s`)
    .replaceAll('$__interval', RATE_INTERVAL);
  const parameters = new URLSearchParams({
    query,
    start: String(from / 1000),
    end: String(to / 1000),
    step: String(Math.max(5, Math.round(seconds / 300))),
  });
  const response = await fetch(`${process.env.PROMETHEUS_URL}/api/v1/query_range?${parameters}`);
  const answer = await response.json();
  if (answer.status !== 'success') {
    throw new Error(`${query}: ${answer.error}`);
  }
  return answer.data.result.map(({ metric, values }) => {
    const name = (target.legendFormat ?? '').replace(/\{\{(\w+)\}\}/g, (all, label) => metric[label] ?? '');
    return {
      refId: target.refId,
      length: values.length,
      fields: [
        { name: 'time', type: 'time', config: {}, values: values.map(([at]) => at * 1000) },
        { name, type: 'number', config: { displayNameFromDS: name }, values: values.map(([, value]) => Number(value)) },
      ],
    };
  });
}

const client = new pg.Client();
await client.connect();
const drawn = [];
for (const panel of dashboard.panels) {
  const frames = [];
  for (const target of panel.targets.filter((one) => one.rawSql)) {
    const result = await client.query({ text: expand(target.rawSql), rowMode: 'array' });
    const fields = result.fields.map((field, i) => ({
      name: field.name,
      type: kind(field.dataTypeID),
      config: {},
      values: result.rows.map((row) => (row[i] instanceof Date ? row[i].getTime() : row[i])),
    }));
    frames.push(...byMetric({ refId: target.refId, fields, length: result.rows.length }));
  }
  if (process.env.PROMETHEUS_URL) {
    for (const target of panel.targets.filter((one) => one.expr)) {
      frames.push(...(await ask(target)));
    }
  }
  if (frames.length > 0) {
    drawn.push({ panel, frames });
  }
}
await client.end();

// Rows of (time, metric, value) are one series a metric.
function byMetric(frame) {
  const metric = frame.fields.find((field) => field.name === 'metric');
  if (!metric) {
    return [frame];
  }
  const time = frame.fields.find((field) => field.name === 'time');
  const value = frame.fields.find((field) => field.name === 'value');
  const times = [...new Set(time.values)];
  const fields = [...new Set(metric.values)].map((name) => {
    const points = new Map();
    metric.values.forEach((other, i) => other === name && points.set(time.values[i], value.values[i]));
    return { name, type: 'number', config: {}, values: times.map((at) => points.get(at) ?? null) };
  });
  return [{ refId: frame.refId, length: times.length, fields: [{ ...time, values: times }, ...fields] }];
}

const scratch = mkdtempSync(join(tmpdir(), 'grafana-preview-'));
try {
  await esbuild.build({
    entryPoints: [join(here, 'panels.jsx')],
    bundle: true,
    outfile: join(scratch, 'panels.js'),
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    loader: { '.woff': 'empty', '.woff2': 'empty', '.svg': 'dataurl', '.png': 'dataurl', '.ttf': 'empty' },
    jsx: 'automatic',
    logLevel: 'error',
    minify: true,
  });
  const shown = { drawn, theme, from: from.getTime(), to: to.getTime(), title: dashboard.title };
  writeFileSync(
    join(scratch, 'index.html'),
    `<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="panels.css"><body style="margin:0"><div id="root"></div>
     <script>window.shown = ${JSON.stringify(shown).replaceAll('<', '\\u003c')}</script>
     <script src="panels.js"></script>`
  );
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--allow-file-access-from-files', '--lang=en-US'],
    env: { ...process.env, LANG: 'en_US.UTF-8', TZ: 'UTC' },
  });
  try {
    const page = await browser.newPage();
    const problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    const rows = Math.max(...drawn.map(({ panel }) => panel.gridPos.y + panel.gridPos.h));
    await page.setViewport({ width: 1440, height: 60 + rows * 38 });
    await page.goto('file://' + join(scratch, 'index.html'));
    await page.waitForSelector('[data-drawn]', { timeout: 60_000 });
    await page.screenshot({ path: picture });
    const values = await page.evaluate(() => window.values);
    console.log(JSON.stringify(values, null, 1));
    if (problems.length > 0) {
      throw new Error(problems.join('\n'));
    }
  } finally {
    await browser.close();
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
