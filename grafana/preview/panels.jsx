import {
  applyFieldOverrides,
  createTheme,
  dateTime,
  getFieldDisplayValues,
  getFieldDisplayName,
  identityOverrideProcessor,
  Registry,
  ThemeContext,
} from '@grafana/data';
import { BarGauge, BigValue, GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';
import { useEffect } from 'react';
import 'uplot/dist/uPlot.min.css';
import { createRoot } from 'react-dom/client';

const { drawn, theme: mode, from, to, title } = window.shown;
const theme = createTheme({ colors: { mode } });
const timeRange = { from: dateTime(from), to: dateTime(to), raw: { from: 'now', to: 'now' } };
const COLUMN = 60;
const ROW = 38;
const GAP = 8;

// The options of fields that Grafana's application registers; every one is taken as it stands.
function option(id) {
  const isCustom = id.startsWith('custom.');
  return {
    id,
    path: isCustom ? id.slice('custom.'.length) : id,
    isCustom,
    name: id,
    process: identityOverrideProcessor,
    shouldApply: () => true,
    override: () => null,
    editor: () => null,
    getItemsCount: () => 0,
  };
}

function configured({ panel, frames }) {
  const ids = new Set(['unit', 'decimals', 'min', 'max', 'displayName', 'color', 'mappings', 'thresholds', 'noValue']);
  Object.keys(panel.fieldConfig.defaults.custom ?? {}).forEach((key) => ids.add('custom.' + key));
  panel.fieldConfig.overrides.forEach((one) => one.properties.forEach((property) => ids.add(property.id)));
  return applyFieldOverrides({
    data: frames,
    fieldConfig: panel.fieldConfig,
    fieldConfigRegistry: new Registry(() => [...ids].map(option)),
    replaceVariables: (text) => text,
    theme,
    timeZone: 'utc',
  });
}

window.values = {};

function Drawing({ one, width, height }) {
  const { panel } = one;
  const data = configured(one);
  switch (panel.type) {
    case 'stat':
    case 'bargauge': {
      const values = getFieldDisplayValues({
        data,
        fieldConfig: panel.fieldConfig,
        reduceOptions: panel.options.reduceOptions,
        replaceVariables: (text) => text,
        sparkline: panel.options.graphMode === 'area',
        theme,
        timeZone: 'utc',
      });
      window.values[panel.title] = values.map(({ display }) => ({
        title: display.title,
        text: (display.prefix ?? '') + display.text + (display.suffix ?? ''),
        color: display.color,
      }));
      const share = height / values.length;
      return values.map((value, i) =>
        panel.type === 'stat' ? (
          <BigValue
            key={i}
            value={value.display}
            sparkline={value.sparkline && { ...value.sparkline, timeRange }}
            colorMode={panel.options.colorMode}
            graphMode={panel.options.graphMode}
            justifyMode={panel.options.justifyMode}
            textMode={panel.options.textMode}
            theme={theme}
            width={width}
            height={share}
          />
        ) : (
          <BarGauge
            key={i}
            value={value.display}
            field={value.field}
            display={value.view?.getFieldDisplayProcessor(value.colIndex)}
            orientation={panel.options.orientation}
            displayMode={panel.options.displayMode}
            showUnfilled={panel.options.showUnfilled}
            theme={theme}
            width={width}
            height={share}
            itemSpacing={6}
          />
        )
      );
    }
    case 'timeseries': {
      window.values[panel.title] = data.flatMap((frame) =>
        frame.fields
          .filter((field) => field.type === 'number')
          .map((field) => ({
            title: getFieldDisplayName(field, frame, data),
            points: field.values.filter((value) => value !== null).length,
            last: field.values.at(-1),
          }))
      );
      return (
        <TimeSeries
          frames={data}
          width={width}
          height={height}
          timeRange={timeRange}
          timeZone="utc"
          legend={panel.options.legend}
          options={panel.options}
        />
      );
    }
    default:
      return (
        <table style={{ width: '100%', fontSize: 12, borderSpacing: '8px 2px' }}>
          <tbody>
            <tr>
              {data[0].fields.map((field) => (
                <th key={field.name}>{getFieldDisplayName(field, data[0], data)}</th>
              ))}
            </tr>
            {Array.from({ length: Math.min(data[0].length, Math.floor(height / 20) - 1) }, (_, row) => (
              <tr key={row}>
                {data[0].fields.map((field) => {
                  const shown = field.display(field.values[row]);
                  return <td key={field.name}>{(shown.prefix ?? '') + shown.text + (shown.suffix ?? '')}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      );
  }
}

function Board() {
  useEffect(() => {
    const done = setTimeout(() => document.body.setAttribute('data-drawn', ''), 1500);
    return () => clearTimeout(done);
  }, []);
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <div style={{ background: theme.colors.background.canvas, position: 'relative', height: '100vh' }}>
        <h4 style={{ padding: '12px 16px', margin: 0 }}>{title}</h4>
        {drawn.map((one) => {
          const { x, y, w, h } = one.panel.gridPos;
          const width = w * COLUMN - GAP;
          const height = h * ROW - GAP;
          return (
            <div key={one.panel.id} style={{ position: 'absolute', left: x * COLUMN + GAP / 2, top: 52 + y * ROW }}>
              <PanelChrome title={one.panel.title} description={one.panel.description} width={width} height={height}>
                {(innerWidth, innerHeight) => <Drawing one={one} width={innerWidth} height={innerHeight} />}
              </PanelChrome>
            </div>
          );
        })}
      </div>
    </ThemeContext.Provider>
  );
}

createRoot(document.getElementById('root')).render(<Board />);
