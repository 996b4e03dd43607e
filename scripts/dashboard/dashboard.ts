/** The Grafana dashboard, as a file to be provisioned, imported, or loaded by a sidecar. */
import { annotation, datasourceVariable, labelVariable, layOut } from './grafana.ts';
import { M } from './queries.ts';
import { rows } from './rows.ts';

/** Grafana 11 writes this one, and 12 reads it. */
const SCHEMA_VERSION = 39;

export const dashboardJson = (): string => {
  const dashboard = {
    uid: 'rollcast',
    title: 'Rollcast',
    description: 'One Rollcast service, from what people notice down to what it runs on.',
    tags: ['rollcast'],
    schemaVersion: SCHEMA_VERSION,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'browser',
    links: [],
    templating: {
      list: [
        datasourceVariable(),
        // Without a pattern for all: other services' targets are not meant by it.
        labelVariable('job', 'Job', 'label_values(rollcast_build_info, job)'),
        labelVariable('namespace', 'Namespace', 'label_values(rollcast_build_info{job=~"$job"}, namespace)', '.*'),
        labelVariable(
          'instance',
          'Node',
          'label_values(rollcast_build_info{job=~"$job", namespace=~"$namespace"}, instance)',
          '.*',
        ),
      ],
    },
    annotations: {
      list: [
        annotation(
          'Alerts',
          'red',
          'ALERTS{alertname=~"Rollcast.+", alertstate="firing"}',
          '{{alertname}}',
          '{{severity}}',
        ),
        annotation(
          'Starts',
          'blue',
          `time() - process_start_time_seconds{${M}} < 60`,
          'A node started',
          '{{instance}}',
        ),
        annotation('Drains', 'orange', `rollcast_draining{${M}} == 1`, 'A node drains', '{{instance}}'),
      ],
    },
    panels: layOut(rows),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
};
