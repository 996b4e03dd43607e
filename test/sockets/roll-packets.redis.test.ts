/**
 * What the scripts of a roll publish, through the real adapter to real clients: that its format is the adapter's, and that
 * a node's feeds mend what Redis does not deliver.
 */
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { newsOfChange } from '../../src/fanout.ts';
import { planOf } from '../suites/live-fixtures.ts';
import { end, join, mark, marks } from '../suites/roll-commands.ts';
import { startedRedis } from '../support/connected-redis.ts';
import { type FedClient, type FedNode, startFedNode } from '../support/fed-node.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { startRedisProxy } from '../support/redis-proxy.ts';
import { until } from '../support/until.ts';

const SESSION = 'session-1';
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1);

/** Two nodes on a server of their own, and an open roll of four students. */
const twoNodes = async (pace: { heartbeat_ms?: number; deaf_after_ms?: number } = {}) => {
  const server = await startedRedis();
  const [here, there] = await Promise.all([server.url, server.url].map((url) => startFedNode({ url, ...pace })));
  if (here === undefined || there === undefined) throw new Error('two nodes were started');
  await here.live.open(planOf(SESSION));
  return { server, here, there };
};

const names = ({ heard }: FedClient): string[] => heard.map(({ event }) => event);

const hears = (client: FedClient, event: string, times = 1): Promise<unknown> =>
  until(`${client.user_id} hears ${event}`, () => names(client).filter((it) => it === event).length >= times);

/** What the roll's log says that staff heard, as events and payloads; without what was true only then. */
const toldStaff = async ({ live }: FedNode, from_seq: number) => {
  const { view, changes } = (await live.since(SESSION, from_seq)) ?? expect.unreachable('there is such a roll');
  return changes
    .flatMap((change) => newsOfChange(view.roll, change, view.presence))
    .filter(({ receivers }) => receivers.to !== 'student')
    .map(({ event, payload }) => ({ event, payload: { ...payload, online_count: undefined } }));
};

describeWithRedis('packets of a roll', 'process', () => {
  test('reach staff, room and single students, in both namespaces, on both nodes', async () => {
    const { here, there } = await twoNodes();
    const staff = [await here.staff(SESSION, 0), await there.staff(SESSION, 1, 't2')];
    const students = [await here.student(SESSION, 1, 1), await there.student(SESSION, 0, 2)];
    const second = await here.student(SESSION, 0, 2);
    await here.submit(SESSION, mark(2, 'late'));
    await there.submit(SESSION, marks(upTo(4).map((n) => ({ student_id: `s${n}`, status: 'excused' }))));
    await here.submit(SESSION, end({ submitted: true }));
    for (const it of staff) await hears(it, 'attendanceSubmitted');
    for (const it of [...students, second]) await hears(it, 'attendanceSessionEnded');

    const told = await toldStaff(here, 0);
    expect(told.map(({ event }) => event)).toContain('attendanceBulkUpdated');
    for (const it of staff) {
      expect(
        it.heard.map(({ event, payload }) => ({ event, payload: { ...payload, online_count: undefined } })),
      ).toEqual(told);
    }
    for (const [it, own] of [
      [students[0], [2]],
      [students[1], [2, 3]],
      [second, [2, 3]],
    ] as const) {
      const marked = it?.heard.filter(({ event }) => event === 'attendanceMarked') ?? [];
      expect(marked.map(({ payload }) => payload.own_seq)).toEqual(own);
      expect(marked.every(({ payload }) => payload.student_id === it?.user_id.replace('u', 's'))).toBe(true);
    }
    // The session is over for students alone.
    const ids = (node: FedNode) => node.feeds.membersOf(SESSION).map(({ student_id }) => student_id);
    await until('students are out', () =>
      ids(here)
        .concat(ids(there))
        .every((it) => it === null),
    );
    expect([...ids(here), ...ids(there)]).toEqual([null, null]);
    expect([...here.errors, ...there.errors]).toEqual([]);
  });

  test('statistics reach the room or its staff, and each node knows that they were sent', async () => {
    const { here, there } = await twoNodes();
    const heard: unknown[] = [];
    for (const it of [await here.staff(SESSION, 1), await there.student(SESSION, 0, 1)]) {
      it.socket.on('attendanceStatistics', (payload) => heard.push(payload));
    }
    await there.live.publishStatistics(SESSION, 'room');
    await until('both have heard', () => heard.length === 2);
    expect(heard[1]).toEqual(heard[0]);
    expect(heard[0]).toMatchObject({ session_id: SESSION, seq: 1, room_seq: 0, online_count: 1 });
    expect([...here.watched, ...there.watched]).toEqual([`${SESSION} room`, `${SESSION} room`]);
  });

  test('whoever is not in the course any more is out, on the other node too, and hears no more', async () => {
    const { here, there } = await twoNodes();
    const teacher = await here.staff(SESSION, 0);
    const helper = await there.staff(SESSION, 1, 't2');
    const dropped = await there.student(SESSION, 0, 3);
    await here.live.followStaff('course-1', ['t1']);
    await here.live.followRoster('course-1', [
      { student_id: 's3', user_id: 'u3', student_name: 'Student 3', roll: '3', approved: false },
    ]);
    await until('both are out', () => there.feeds.membersOf(SESSION).length === 0);
    const before = [helper.heard.length, dropped.heard.length];
    await here.submit(SESSION, mark(1, 'late', { header_version: 3 }));
    await hears(teacher, 'studentMarked');
    // Whatever had been sent to them has come when this has.
    helper.socket.emit('nothing');
    expect([helper.heard.length, dropped.heard.length]).toEqual(before);
    expect([...there.feeds.sessions()]).toEqual([]);
  });

  test('session ids of every length', async () => {
    const { here, there } = await twoNodes();
    const ids = Array.from({ length: 64 }, (_, n) => 'x'.repeat(n + 1));
    const [teacher, pupil] = [await here.client('t1', 0), await there.client('u1', 1)];
    for (const id of ids) {
      await here.live.open(planOf(id));
      await here.submit(id, { kind: 'attend', header_version: 1, user_id: 't1' }, teacher);
      await there.submit(id, join(1), pupil);
      await here.submit(id, mark(1, 'late'));
    }
    const of = (client: FedClient, event: string) =>
      client.heard.filter((it) => it.event === event).map(({ payload }) => payload.session_id ?? payload.sessionId);
    await until('the last is heard', () => of(pupil, 'attendanceMarked').length >= ids.length);
    await until('by staff', () => of(teacher, 'studentMarked').length >= ids.length);
    for (const event of ['studentJoinedAttendance', 'attendanceUpdated', 'studentMarked']) {
      expect(of(teacher, event)).toEqual(ids);
    }
    for (const event of ['attendanceUpdated', 'attendanceMarked']) expect(of(pupil, event)).toEqual(ids);
  });

  test('course rooms: told on every node, and left on every node', async () => {
    const { here, there } = await twoNodes();
    const clients = [await here.client('t1', 0), await there.client('t1', 1), await there.client('u1', 0)];
    const nodes = [here, there, there];
    for (const [i, { id }] of clients.entries()) {
      const node = nodes[i] ?? here;
      for (const socket of node.rooms.all()) if (socket.id === id) node.rooms.joinCourse(socket, 'course-1');
    }
    const news = { course_id: 'course-1', activeSessions: [] };
    await until('the rooms are heard', () => {
      here.courseRooms.tell('course-1', 'activeSessionsData', news);
      return clients.every(({ heard }) => heard.length > 0);
    });
    for (const node of [here, there]) node.outOfCourses.add('t1');
    await here.courseRooms.membersChanged('course-1');
    const isIn = (node: FedNode) => [...node.rooms.all()].filter(({ data }) => data.courses.has('course-1')).length;
    await until('they have left', () => isIn(here) === 0 && isIn(there) === 1);
  });
});

describeWithRedis('what Redis does not deliver', 'process', () => {
  test('unsubscribed behind the back of a node: the heartbeat finds it, and nothing is missing or twice', async () => {
    const { here, there } = await twoNodes({ heartbeat_ms: 750, deaf_after_ms: 100 });
    const deaf = [await there.staff(SESSION, 0), await there.student(SESSION, 0, 1)];
    const hearing = await here.staff(SESSION, 1);
    await here.submit(SESSION, mark(1, 'late'));
    for (const it of deaf) await hears(it, 'attendanceUpdated');
    // A fault that no server makes at will: the client itself ends it, and nobody above is told.
    const [connection] = Reflect.get(there.connections.subscriber, 'pool').all();
    for (const channel of there.channels(SESSION)) await connection.client.sunsubscribe(channel);
    for (const n of upTo(4)) await here.submit(SESSION, mark(n, 'excused'));
    await hears(hearing, 'studentMarked', 4);
    for (const it of deaf) await hears(it, 'attendanceUpdated', 5);
    await there.submit(SESSION, mark(2, 'late'));
    for (const it of deaf) await hears(it, 'attendanceUpdated', 6);
    expect(deaf[0]?.seqs('attendanceUpdated')).toEqual([2, 3, 4, 5, 6, 7]);
    expect(deaf[0]?.seqs('studentMarked')).toEqual([2, 3, 4, 5, 6, 7]);
    expect(deaf[1]?.seqs()).toEqual([2, 3, 4, 5, 6, 7]);
    expect(deaf[1]?.heard.filter(({ event }) => event === 'attendanceMarked')).toHaveLength(2);
  });

  test('the subscribing connections are killed while marks are made: each is heard once, in order', async () => {
    const { server, here, there } = await twoNodes();
    const staff = [await here.staff(SESSION, 0), await there.staff(SESSION, 1), await there.staff(SESSION, 0, 't2')];
    const pupil = await there.student(SESSION, 1, 1);
    const mended = [vi.spyOn(here.live, 'since'), vi.spyOn(there.live, 'since')];
    const admin = new Redis(server.url);
    onTestFinished(() => admin.disconnect());
    const killSubscribers = async () => {
      const clients = String(await admin.client('LIST')).split('\n');
      const ids = clients.filter((it) => it.includes('name=rollcast:subscribe')).map((it) => /id=(\d+)/.exec(it)?.[1]);
      for (const id of ids) await admin.client('KILL', 'ID', Number(id));
      return ids.length;
    };
    const [rounds, perRound] = [8, 40];
    let marked = 0;
    const markAll = async (times: number) => {
      for (let i = 0; i < times; i += 4) {
        marked += 4;
        const status = marked % 8 === 0 ? 'late' : 'excused';
        await Promise.all(upTo(4).map((n) => (n % 2 === 0 ? here : there).submit(SESSION, mark(n, status))));
      }
    };
    for (let round = 0; round < rounds; round += 1) {
      const marking = markAll(perRound);
      expect(await killSubscribers()).toBe(2);
      await marking;
      await until('they are heard', () => staff.every((it) => it.seqs('studentMarked').at(-1) === marked + 1));
    }
    // Not every kill falls between two messages; most do.
    expect(mended.reduce((sum, it) => sum + it.mock.calls.length, 0)).toBeGreaterThan(rounds / 2);
    const all = upTo(marked + 1).slice(1);
    for (const it of staff) {
      expect(it.seqs('studentMarked')).toEqual(all);
      expect(it.seqs('attendanceUpdated')).toEqual(all);
    }
    await until('the last is heard', () => pupil.seqs().length >= all.length);
    expect(pupil.seqs()).toEqual(all);
    const own = pupil.heard.filter(({ event }) => event === 'attendanceMarked').map(({ payload }) => payload.own_seq);
    expect(own).toEqual(upTo(marked / 4 + 1).slice(1));
  });

  test('5 ms away, and a new room for everybody who joins: what is marked right after the answer is heard', async () => {
    const server = await startedRedis();
    const { proxy, url } = await startRedisProxy(server.url, 5);
    onTestFinished(() => proxy.stop());
    const [here, there] = [await startFedNode({ url: server.url }), await startFedNode({ url })];
    const ids = upTo(100).map((n) => `session-${n}`);
    const pupil = await there.client('u1', 1);
    await Promise.all(
      ids.map(async (id) => {
        await here.live.open(planOf(id));
        await there.submit(id, join(1), pupil);
        await here.submit(id, mark(1, 'late'));
      }),
    );
    const of = (event: string) =>
      pupil.heard
        .filter((it) => it.event === event)
        .map(({ payload }) => String(payload.session_id ?? payload.sessionId));
    await until('all are heard', () => of('attendanceMarked').length >= ids.length);
    for (const event of ['attendanceMarked', 'attendanceUpdated']) expect(of(event).sort()).toEqual([...ids].sort());
  });
});
