/** What the routes work with. */
import type { Attendance } from '../attendance/attendance.ts';
import type { Services } from '../attendance/services.ts';
import type { AttendanceViews } from '../attendance/views.ts';

export type RestContext = { services: Services; attendance: Attendance; views: AttendanceViews };
