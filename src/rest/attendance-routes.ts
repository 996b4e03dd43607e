/** Attendance of one session: marking, reading, downloading, correcting, auditing. */
import { correct } from '../attendance/correcting.ts';
import { versionOf } from '../attendance/results.ts';
import type { Services } from '../attendance/services.ts';
import { auditPage } from '../attendance/session-audit.ts';
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { Course, FullRecord } from '../contract/nouns.ts';
import { routes } from '../contract/routes.ts';
import { fullRecords } from '../domain/roll.ts';
import { CSV_PAGE_ROWS, PAGE_DEFAULT_ITEMS } from '../limits.ts';
import type { StoredSession } from '../registry/registry.ts';
import { sessionFor, sessionForStaff } from './access.ts';
import type { RestContext } from './context.ts';
import { formatInZone } from './csv.ts';
import { sendCsv } from './csv-download.ts';
import type { AddRoute } from './route.ts';

export const addAttendanceRoutes = (add: AddRoute, { services, attendance, views }: RestContext): void => {
  add(routes.markAttendance, async ({ actor, params, body }) => {
    await sessionForStaff(services, actor, params.id, 'update');
    return (await attendance.markMany(actor, 'marks', { session_id: params.id, ...body })).payload;
  });

  add(routes.getAttendance, async ({ actor, params }) => {
    const { stored, standing } = await sessionFor(services, actor, params.id);
    const own = standing.staff ? null : { user_id: actor.user_id, student_id: standing.student_id };
    return views.attendance(stored, own);
  });

  add(routes.downloadAttendance, async ({ actor, params, reply }) => {
    const { stored, course } = await sessionForStaff(services, actor, params.id, 'view');
    return sendCsv(reply, `attendance-${stored.id}.csv`, HEADER, attendancePages(services, stored, course));
  });

  add(routes.correctRecord, async ({ actor, params, body }) => {
    const { stored } = await sessionForStaff(services, actor, params.id, 'update');
    const { reason, ...values } = body;
    return correct(services, actor, stored, { updates: [{ student_id: params.student_id, ...values }], reason });
  });

  add(routes.correctRecords, async ({ actor, params, body }) => {
    const { stored } = await sessionForStaff(services, actor, params.id, 'update');
    return correct(services, actor, stored, body);
  });

  add(routes.getAudit, async ({ actor, params, query }) => {
    const { stored } = await sessionForStaff(services, actor, params.id, 'view');
    const { limit = PAGE_DEFAULT_ITEMS, cursor } = query;
    return auditPage(services, stored.id, { limit, cursor });
  });
};

const HEADER = [
  'session_id',
  'date',
  'student_id',
  'roll',
  'student_name',
  'status',
  'joined_at',
  'marked_at',
  'marked_by',
  'remarks',
  'version',
];

/** From the roll while there is one, else a page at a time from the archive. SESSION_NOT_ACTIVE when there was no roll. */
async function* attendancePages({ live, archive }: Services, stored: StoredSession, { timezone }: Course) {
  const at = (iso: string | null) => (iso === null ? null : formatInZone(iso, timezone));
  const date = formatInZone(isoFrom(stored.date), timezone);
  const row = (record: FullRecord, version: number) => [
    stored.id,
    date,
    record.student_id,
    record.roll,
    record.student_name,
    record.status,
    at(record.joined_at),
    at(record.marked_at),
    record.marked_by,
    record.remarks,
    version,
  ];
  const view = await live.read(stored.id);
  if (view !== null) {
    const version = versionOf(view.roll);
    yield fullRecords(view.roll).map((record) => row(record, version));
    return;
  }
  if ((await archive.session(stored.id)) === null) {
    throw refuse('SESSION_NOT_ACTIVE', 'Attendance was not taken in this session');
  }
  let after_line = -1;
  for (;;) {
    const records = await archive.records(stored.id, { after_line, limit: CSV_PAGE_ROWS });
    if (records.length === 0) return;
    yield records.map((record) => row(record, record.version));
    after_line = records.at(-1)?.line ?? after_line;
  }
}
