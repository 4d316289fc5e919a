// What colour Grafana's own code gives each stat of a KPI: at its thresholds, just below them, at null and
// without any row. Prints one line each: panel, value, text, colour.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  applyFieldOverrides,
  createTheme,
  FieldType,
  getFieldDisplayValues,
  identityOverrideProcessor,
  Registry,
} from '@grafana/data';

// The library asks the browser which language it speaks; newer Nodes answer themselves.
globalThis.navigator ??= { language: 'en-US', languages: ['en-US'] };

const dashboards = process.argv[2] ?? '../dashboards';
const theme = createTheme();
const registry = new Registry(() =>
  ['unit', 'decimals', 'min', 'max', 'color', 'mappings', 'thresholds', 'noValue'].map((id) => ({
    id,
    path: id,
    name: id,
    process: identityOverrideProcessor,
    shouldApply: () => true,
  }))
);

function shown(panel, values) {
  const fields = [
    { name: 'time', type: FieldType.time, config: {}, values: values.map((value, i) => i * 3_600_000) },
    { name: 'value', type: FieldType.number, config: {}, values },
  ];
  const common = { fieldConfig: panel.fieldConfig, replaceVariables: (text) => text, theme, timeZone: 'utc' };
  const data = applyFieldOverrides({
    ...common,
    data: [{ refId: 'A', fields, length: values.length }],
    fieldConfigRegistry: registry,
  });
  const [{ display }] = getFieldDisplayValues({
    ...common,
    data,
    reduceOptions: panel.options.reduceOptions,
    sparkline: panel.options.graphMode === 'area',
  });
  return display;
}

const name = new Map(
  ['red', 'orange', 'green', '#8e8e8e'].map((colour) => [theme.visualization.getColorByName(colour), colour])
);
for (const file of readdirSync(dashboards).filter((one) => one.endsWith('.json'))) {
  for (const panel of JSON.parse(readFileSync(join(dashboards, file), 'utf8')).panels) {
    if (panel.type === 'text') {
      continue;
    }
    const steps = panel.fieldConfig.defaults.thresholds.steps;
    if (panel.type !== 'stat' || panel.fieldConfig.defaults.unit !== 'percent' || steps.length !== 3) {
      continue;
    }
    const [, orange, green] = steps.map((step) => step.value);
    const below = (value) => Math.round(100 * value - 1) / 100;
    const cases = [[below(orange)], [orange], [below(green)], [green], [12, null], [null], []];
    for (const values of cases) {
      const display = shown(panel, values);
      const text = (display.prefix ?? '') + display.text + (display.suffix ?? '');
      console.log([panel.title, JSON.stringify(values), text, name.get(display.color) ?? display.color].join('\t'));
    }
  }
}
