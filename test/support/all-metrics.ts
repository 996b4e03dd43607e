/** Bringing a deployment to tell all that it can tell: whatever is counted happens at least once. */
import { createMetrics } from '../../src/metrics.ts';
import type { Deployment } from './deployment.ts';
import { RawConnection } from './raw-connection.ts';
import { until } from './until.ts';

/** What its nodes expose, in one text. */
export const scrape = async ({ nodes }: Deployment): Promise<string> => {
  const texts = nodes.map(async ({ url }) => {
    const answer = await fetch(`${url}/metrics`);
    if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`);
    return answer.text();
  });
  return (await Promise.all(texts)).join('\n');
};

/** A lesson, and what goes wrong around one. Resolves with what the nodes expose afterwards. */
export const afterALittleOfEverything = async (deployment: Deployment): Promise<string> => {
  const room = await deployment.classroom({ students: 2 });
  const { session_id } = room;
  const teacher = await room.started();
  const student = await room.joined(0);
  await student.refused('markStudentPresent', { session_id, student_id: room.student(1).student_id }, 'FORBIDDEN');
  await teacher.does('markStudentPresent', { session_id, student_id: room.student(1).student_id });
  await deployment
    .client(room.student(1), { token: 'no token' })
    .connected()
    .catch(() => {});
  for (const { url } of deployment.nodes) {
    const broken = await RawConnection.connect(url, deployment.token(room.teacher));
    broken.send('42[not JSON');
    await broken.isClosed();
    for (const probe of ['livez', 'readyz', 'metrics']) await fetch(`${url}/${probe}`);
  }
  await teacher.does('endAttendanceSession', { session_id });
  await room.archived();
  // What is counted after an answer has left may come after it.
  return until('everything is counted', async () => {
    const text = await scrape(deployment);
    return /^rollcast_archived_total [1-9]/m.test(text) && text.includes('rollcast_disconnects_total{') ? text : null;
  });
};

/** The labels that a metric of ours may have, whether or not it has a sample yet; of the runtime's, those that it has. */
export const declaredLabels = (): Map<string, ReadonlySet<string>> => {
  const { registry } = createMetrics();
  return new Map(
    registry.getMetricsAsArray().map((it) => {
      const { name, labelNames = [] } = it as unknown as { name: string; labelNames?: string[] };
      return [name, new Set(labelNames)];
    }),
  );
};
