/** REST, with the types of the route table. */
import type { Static, TSchema } from 'typebox';
import type { routes } from '../contract/routes.ts';
import { baseUrl } from './settings.ts';
import { signedIn } from './sign-in.ts';

type Routes = typeof routes;
export type RouteName = keyof Routes;
type Success<A> = A[keyof A];
type AnswerOf<N extends RouteName> =
  Success<Routes[N]['answers']> extends infer S ? (S extends TSchema ? Static<S> : string) : never;
/** A Blob is CSV, sent byte by byte: the service says so if it is not UTF-8, where decoding here would hide it. */
type CsvOf<N extends RouteName> = Routes[N] extends { csvBody: TSchema } ? Blob : never;
type BodyOf<N extends RouteName> =
  | (Routes[N] extends { body: infer S extends TSchema } ? Static<S> : undefined)
  | CsvOf<N>;

/** Method and path of every route that the console uses. Their names, shapes and types are the table's. */
const PATHS = {
  createCourse: 'POST /courses',
  listCourses: 'GET /courses',
  getCourse: 'GET /courses/:id',
  patchCourse: 'PATCH /courses/:id',
  putEnrollments: 'PUT /courses/:id/enrollments',
  listEnrollments: 'GET /courses/:id/enrollments',
  createSession: 'POST /sessions',
  listSessions: 'GET /sessions',
  getSession: 'GET /sessions/:id',
  patchSession: 'PATCH /sessions/:id',
  startSession: 'POST /sessions/:id/start',
  cancelSession: 'POST /sessions/:id/cancel',
  checkinTicket: 'POST /sessions/:id/checkin-ticket',
  getAttendance: 'GET /sessions/:id/attendance',
  downloadAttendance: 'GET /sessions/:id/attendance.csv',
  correctRecords: 'POST /sessions/:id/corrections',
  getAudit: 'GET /sessions/:id/audit',
  getReport: 'GET /courses/:id/report',
  downloadReport: 'GET /courses/:id/report.csv',
  getHistory: 'GET /students/:id/attendance',
} as const satisfies { [N in RouteName]?: `${Routes[N]['method']} ${Routes[N]['path']}` };

type Used = keyof typeof PATHS;

export type ApiInput<N extends RouteName> = {
  params?: Record<string, string>;
  query?: Record<string, string | number | undefined>;
  body?: BodyOf<N>;
  signal?: AbortSignal;
};

/** A refusal of the service: RFC 9457. */
export class ApiError extends Error {
  readonly status: number;
  /** Of the table of errors; NETWORK: no answer. */
  readonly code: string;
  readonly details: Record<string, unknown>;

  constructor(status: number, code: string, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

const urlOf = (path: string, { params = {}, query = {} }: ApiInput<RouteName>): URL => {
  const filled = path.replace(/:(\w+)/g, (_all, key: string) => encodeURIComponent(params[key] ?? ''));
  const url = new URL(`api/v1${filled}`, baseUrl());
  for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
  return url;
};

const send = async <N extends Used>(name: N, input: ApiInput<N>): Promise<Response> => {
  const [method = '', path = ''] = PATHS[name].split(' ');
  const { body, signal } = input;
  const token = signedIn.get()?.token;
  const isCsv = body instanceof Blob;
  const response = await fetch(urlOf(path, input as ApiInput<RouteName>), {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': isCsv ? 'text/csv' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body: isCsv ? body : JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(0, 'NETWORK', 'No answer');
  });
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  const { code = 'INTERNAL', detail = response.statusText } = problem;
  throw new ApiError(response.status, String(code), String(detail), problem);
};

/** The answer's body. ApiError. */
export const api = async <N extends Used>(name: N, input: ApiInput<N> = {}): Promise<AnswerOf<N>> =>
  (await (await send(name, input)).json()) as AnswerOf<N>;

/** Saves a download under the name that the service gives it. ApiError. */
export const download = async (name: 'downloadAttendance' | 'downloadReport', id: string): Promise<void> => {
  const response = await send(name, { params: { id } });
  const file = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'attendance.csv';
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement('a'), { href: url, download: file });
  link.click();
  URL.revokeObjectURL(url);
};
