/** What a collector is sent while people check in, are marked and the session ends: from the event to the archive. */
import { expect, test } from 'vitest';
import type { Classroom } from '../support/classroom.ts';
import type { CollectedSpan, Collector } from '../support/collector.ts';
import type { Deployment } from '../support/deployment.ts';
import { MAIL_MARK, REMARK_MARK, STAFF_MARK, STUDENT_MARK } from '../support/people.ts';

export type TracedDeployment = {
  deployment: () => Deployment;
  collector: () => Collector;
  /** The part in which a command is written down. */
  written: string;
};

export const defineTraceScenarios = ({ deployment, collector, written }: TracedDeployment): void => {
  const span = (name: string, fits: (span: CollectedSpan) => boolean = () => true) =>
    collector().span(name, (it) => it.name === name && fits(it));
  /** Resolves with the part of a span that has this name. */
  const part = (of: CollectedSpan, name: string) =>
    span(name, (it) => it.traceId === of.traceId && it.parentSpanId === of.spanId);
  const ended = async (room: Classroom, end: () => Promise<unknown>): Promise<CollectedSpan> => {
    await end();
    await room.archived();
    return span('archive', ({ attributes }) => attributes['rollcast.session_id'] === room.session_id);
  };

  test('an event, the run that writes it down, and the archive of the session that it ends are one trace', async () => {
    const room = await deployment().classroom();
    const teacher = await room.started();
    await teacher.does('markStudentPresent', {
      session_id: room.session_id,
      student_id: room.student(0).student_id,
      remarks: `${REMARK_MARK} late bus`,
    });
    const archive = await ended(room, () => teacher.does('endAttendanceSession', { session_id: room.session_id }));

    const event = await span('endAttendanceSession', ({ spanId }) => spanId === archive.parentSpanId);
    expect(event.traceId).toBe(archive.traceId);
    expect(event.parentSpanId ?? '').toBe('');
    await part(event, written);
    await part(archive, 'archive store');
    expect(archive.attributes).toMatchObject({ 'rollcast.tries': 1, 'rollcast.code': 'OK' });

    const mark = await span('markStudentPresent');
    expect(mark.traceId).not.toBe(archive.traceId);
    await part(mark, written);
  });

  test('a session that is ended over REST is archived in the trace of that request', async () => {
    const room = await deployment().classroom();
    await room.started();
    const end = () => room.rest.call('endSession', { params: { id: room.session_id }, body: {} });
    const archive = await ended(room, end);
    const request = await span('POST /api/v1/sessions/:id/end', ({ spanId }) => spanId === archive.parentSpanId);
    await part(request, written);
  });

  test('a refused event has its code and is no error', async () => {
    const room = await deployment().classroom();
    const student = await deployment().connect(room.student(0));
    await student.refused('joinAttendanceSession', { session_id: room.session_id }, 'SESSION_NOT_ACTIVE');
    const join = await span('joinAttendanceSession', (it) => it.attributes['rollcast.code'] === 'SESSION_NOT_ACTIVE');
    expect(join.status?.code ?? 0).toBe(0);
  });

  test('nothing that is sent holds a token, a name, an e-mail address or a remark', async () => {
    await span('archive');
    const { text, headers } = collector();
    for (const mark of ['eyJ', STUDENT_MARK, STAFF_MARK, MAIL_MARK, REMARK_MARK, deployment().secret]) {
      expect(text.includes(mark), mark).toBe(false);
    }
    expect(headers[0]?.['x-tenant']).toBe('physics & chemistry');
  });
};

/** Of every node that sends traces. */
export const tracedEnvironment = (collector: Collector) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=physics%20%26%20chemistry',
});
