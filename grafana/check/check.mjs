// Holds every dashboard against the types that Grafana publishes. Each is written out as TypeScript, so
// that an unknown key or an unknown word is an error, and compiled: npm run check [folder of dashboards]
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dashboards = resolve(process.argv[2] ?? join(here, '../dashboards'));
const generated = join(here, 'generated');
const panelTypes = {
  stat: { module: 'stat/panelcfg/x/StatPanelCfg_types.gen', custom: false },
  timeseries: { module: 'timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen', custom: true },
  table: { module: 'table/panelcfg/x/TablePanelCfg_types.gen', custom: true },
  bargauge: { module: 'bargauge/panelcfg/x/BarGaugePanelCfg_types.gen', custom: false },
  text: { module: 'text/panelcfg/x/TextPanelCfg_types.gen', custom: false },
};

rmSync(generated, { recursive: true, force: true });
mkdirSync(generated);
const files = readdirSync(dashboards).filter((name) => name.endsWith('.json'));
for (const file of files) {
  const dashboard = JSON.parse(readFileSync(join(dashboards, file), 'utf8'));
  const lines = [
    "import type { Dashboard } from '@grafana/schema';",
    // In JSON the words of an enum are plain texts; a table may leave out which frame it shows.
    'type Json<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T',
    '  : T extends Array<infer U> ? Array<Json<U>> : T extends object ? { [K in keyof T]: Json<T[K]> } : T;',
  ];
  for (const [name, type] of Object.entries(panelTypes)) {
    lines.push(`import type * as ${name} from '@grafana/schema/dist/esm/raw/composable/${type.module}';`);
  }
  // What a mark asks, and how its answer is worded, is its data source's: as of panels' queries, there are no types.
  const list = dashboard.annotations.list.map(({ titleFormat, textFormat, target, ...mark }) => ({
    ...mark,
    target: { datasource: target.datasource, refId: target.refId },
  }));
  const typed = { ...dashboard, annotations: { list } };
  lines.push(`export const dashboard: Json<Dashboard> = ${JSON.stringify(typed, null, 2)};`);
  dashboard.panels.forEach((panel, index) => {
    const type = panelTypes[panel.type];
    if (!type) {
      throw new Error(`${file}: panel type ${panel.type} is not known here: add it to check.mjs`);
    }
    const optional = panel.type === 'table' ? "Omit<table.Options, 'frameIndex'>" : `${panel.type}.Options`;
    lines.push(`// ${panel.title}`);
    lines.push(`export const options${index}: Json<${optional}> = ${JSON.stringify(panel.options, null, 2)};`);
    if (type.custom) {
      const custom = JSON.stringify(panel.fieldConfig.defaults.custom, null, 2);
      lines.push(`export const custom${index}: Json<Partial<${panel.type}.FieldConfig>> = ${custom};`);
    }
  });
  writeFileSync(join(generated, file.replace('.json', '.ts')), lines.join('\n') + '\n');
}
const compiler = join(here, 'node_modules/typescript/bin/tsc');
const { status } = spawnSync(process.execPath, [compiler, '--project', here], { stdio: 'inherit' });
if (status !== 0) {
  process.exit(1);
}
console.log(`${files.length} dashboards are of Grafana's types`);
